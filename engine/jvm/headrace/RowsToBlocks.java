package headrace;

import java.io.IOException;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.formats.avro.typeutils.AvroSchemaConverter;
import org.apache.flink.shaded.guava33.com.google.common.hash.HashFunction;
import org.apache.flink.shaded.guava33.com.google.common.hash.Hashing;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.Collector;

/**
 * Rows of the relational part to blocks.
 *
 * <p>A row comes from no partition and has no offset: its partition is -1, and its offset a hash of what it holds, so that
 * rows of one event time have an order that depends on nothing else.
 */
public final class RowsToBlocks extends ProcessFunction<RowData, byte[]> {
  private static final long serialVersionUID = 1L;
  static final int NO_PARTITION = -1;
  /** A fingerprint is the same in every version of Guava and on every machine. */
  private static final HashFunction FINGERPRINT = Hashing.farmHashFingerprint64();

  private final Contract contract;
  private final RowType rows;
  private final int schemaId;
  private transient AvroBytes bytes;
  private transient RowEncoder encoder;
  private transient Payload payload;

  /** @param schemaId the registry's id of the schema that the contract reads with, which is that of the rows */
  public RowsToBlocks(Contract contract, LogicalType rows, int schemaId) {
    this.contract = contract;
    this.rows = (RowType) rows;
    this.schemaId = schemaId;
  }

  /** The Avro schema of rows of a type, as JSON. */
  public static String schema(LogicalType rows, String name) {
    return AvroSchemaConverter.convertToSchema(rows.copy(false), name, false).toString();
  }

  @Override
  public void open(OpenContext context) {
    Schema schema = SchemaLookup.reader(contract.readerSchema);
    bytes = new AvroBytes();
    encoder = new RowEncoder(rows, schema, bytes);
    payload = new Payload(schema, contract.eventTime, contract.shardKey);
  }

  @Override
  public void processElement(RowData row, Context context, Collector<byte[]> out) throws IOException {
    byte[] block = encoded(row);
    int size = block.length - Block.ENTRY;
    Block.putLong(block, Block.EVENT_TIME, context.timestamp());
    Block.putLong(block, Block.ARRIVAL, context.timerService().currentProcessingTime());
    long fingerprint = FINGERPRINT.hashBytes(block, Block.ENTRY, size).asLong();
    Block.putLong(block, Block.OFFSET, fingerprint & Long.MAX_VALUE);
    Block.putInt(block, Block.PARTITION, NO_PARTITION);
    Block.putInt(block, Block.KEY_SIZE, -1);
    Block.putInt(block, Block.VALUE_SIZE, size);
    Block.putShort(block, Block.SOURCE, contract.source);
    payload.read(block, Block.ENTRY + SchemaLookup.FRAMING);
    if (contract.shards > 1) Block.putInt(block, Block.SHARD, Math.floorMod(payload.shardHash, contract.shards));
    Status status = contract.finite && !payload.finite ? Status.NOT_FINITE : Status.OK;
    block[Block.STATUS] = status.code();
    out.collect(block);
  }

  /** The row behind an empty index entry. */
  private byte[] encoded(RowData row) throws IOException {
    bytes.reset(Block.ENTRY);
    bytes.putByte(0);
    bytes.putFixed(Integer.reverseBytes(schemaId), SchemaLookup.FRAMING - 1);
    encoder.write(row);
    return bytes.toArray();
  }
}
