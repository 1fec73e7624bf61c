package headrace;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumWriter;
import org.apache.flink.avro.shaded.org.apache.avro.io.BinaryEncoder;
import org.apache.flink.avro.shaded.org.apache.avro.io.EncoderFactory;
import org.apache.flink.formats.avro.RowDataToAvroConverters;
import org.apache.flink.formats.avro.RowDataToAvroConverters.RowDataToAvroConverter;
import org.apache.flink.formats.avro.typeutils.AvroSchemaConverter;
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

  private final Contract contract;
  private final RowType rows;
  private final int schemaId;
  private transient Schema schema;
  private transient RowDataToAvroConverter converter;
  private transient GenericDatumWriter<Object> writer;
  private transient ByteArrayOutputStream bytes;
  private transient BinaryEncoder encoder;
  private transient Payload payload;
  private transient MessageDigest digest;

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
  public void open(OpenContext context) throws NoSuchAlgorithmException {
    schema = SchemaLookup.reader(contract.readerSchema);
    converter = RowDataToAvroConverters.createConverter(rows, false);
    writer = new GenericDatumWriter<>(schema);
    bytes = new ByteArrayOutputStream();
    payload = new Payload(schema, contract.eventTime, contract.shardKey);
    digest = MessageDigest.getInstance("MD5");
  }

  @Override
  public void processElement(RowData row, Context context, Collector<byte[]> out) throws IOException {
    byte[] value = encoded(row);
    byte[] block = new byte[Block.ENTRY + value.length];
    Block.putLong(block, Block.EVENT_TIME, context.timestamp());
    Block.putLong(block, Block.ARRIVAL, context.timerService().currentProcessingTime());
    Block.putLong(block, Block.OFFSET, ByteBuffer.wrap(digest.digest(value)).getLong() & Long.MAX_VALUE);
    Block.putInt(block, Block.PARTITION, NO_PARTITION);
    Block.putInt(block, Block.KEY_SIZE, -1);
    Block.putInt(block, Block.VALUE_SIZE, value.length);
    Block.putShort(block, Block.SOURCE, contract.source);
    payload.read(value, 5);
    if (contract.shards > 1) Block.putInt(block, Block.SHARD, Math.floorMod(payload.shardHash, contract.shards));
    Status status = contract.finite && !payload.finite ? Status.NOT_FINITE : Status.OK;
    block[Block.STATUS] = status.code();
    System.arraycopy(value, 0, block, Block.ENTRY, value.length);
    out.collect(block);
  }

  private byte[] encoded(RowData row) throws IOException {
    bytes.reset();
    bytes.write(0);
    bytes.write(ByteBuffer.allocate(4).putInt(schemaId).array());
    encoder = EncoderFactory.get().directBinaryEncoder(bytes, encoder);
    writer.write(converter.convert(schema, row), encoder);
    encoder.flush();
    return bytes.toByteArray();
  }
}
