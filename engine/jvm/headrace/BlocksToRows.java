package headrace;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.avro.shaded.org.apache.avro.AvroRuntimeException;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumReader;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericRecord;
import org.apache.flink.avro.shaded.org.apache.avro.io.BinaryDecoder;
import org.apache.flink.avro.shaded.org.apache.avro.io.DecoderFactory;
import org.apache.flink.formats.avro.AvroToRowDataConverters;
import org.apache.flink.formats.avro.AvroToRowDataConverters.AvroToRowDataConverter;
import org.apache.flink.formats.avro.typeutils.AvroSchemaConverter;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/** Blocks to rows, for the relational part; what the source or the gate has refused leaves by the side. */
public final class BlocksToRows extends ProcessFunction<byte[], RowData> {
  private static final long serialVersionUID = 1L;
  private static final int FRAMING = 5;

  public static final OutputTag<byte[]> REFUSED =
      new OutputTag<>("refused", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);

  private final Contract contract;
  private transient Schema reader;
  private transient SchemaLookup schemas;
  private transient Map<Integer, GenericDatumReader<GenericRecord>> readers;
  private transient AvroToRowDataConverter converter;
  private transient BinaryDecoder decoder;
  private transient GenericRecord record;

  public BlocksToRows(Contract contract) {
    this.contract = contract;
  }

  /** The type of the rows that records of a schema become. */
  public static InternalTypeInfo<RowData> type(String schema) {
    return InternalTypeInfo.of(rowType(schema));
  }

  private static RowType rowType(String schema) {
    return (RowType) AvroSchemaConverter.convertToDataType(schema, false).getLogicalType();
  }

  @Override
  public void open(OpenContext context) {
    reader = SchemaLookup.reader(contract.readerSchema);
    schemas = new SchemaLookup(contract.registry, contract.known);
    readers = new HashMap<>();
    converter = AvroToRowDataConverters.createRowConverter(rowType(contract.readerSchema), false);
  }

  @Override
  public void processElement(byte[] block, Context context, Collector<RowData> out) throws IOException {
    if (Block.status(block) != Status.OK) {
      context.output(REFUSED, block);
      return;
    }
    int value = Block.ENTRY + Block.size(block, Block.KEY_SIZE) + Block.size(block, Block.HEADERS_SIZE);
    decoder = DecoderFactory.get().binaryDecoder(block, value + FRAMING, block.length - value - FRAMING, decoder);
    try {
      record = reading(ByteBuffer.wrap(block).getInt(value + 1)).read(record, decoder);
      out.collect((RowData) converter.convert(record));
    } catch (AvroRuntimeException unreadable) {
      block[Block.STATUS] = Status.WRONG_TYPE.code();
      context.output(REFUSED, block);
    }
  }

  private GenericDatumReader<GenericRecord> reading(int schemaId) throws IOException {
    GenericDatumReader<GenericRecord> known = readers.get(schemaId);
    if (known == null) {
      Schema writer = schemas.get(schemaId).orElseThrow(); // the source has read the record with it
      readers.put(schemaId, known = new GenericDatumReader<>(writer, reader));
    }
    return known;
  }
}
