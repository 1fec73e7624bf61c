package headrace;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumReader;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericRecord;
import org.apache.flink.avro.shaded.org.apache.avro.io.BinaryDecoder;
import org.apache.flink.avro.shaded.org.apache.avro.io.DecoderFactory;
import org.apache.flink.formats.avro.AvroToRowDataConverters;
import org.apache.flink.formats.avro.AvroToRowDataConverters.AvroToRowDataConverter;
import org.apache.flink.formats.avro.typeutils.AvroSchemaConverter;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.types.logical.RowType;

/** Reads the records of blocks that the source has found good as rows. */
final class RowReader {
  private final Schema reader;
  private final SchemaLookup schemas;
  private final Map<Integer, GenericDatumReader<GenericRecord>> readers = new HashMap<>();
  private final AvroToRowDataConverter converter;
  private BinaryDecoder decoder;
  private GenericRecord record;

  RowReader(Contract contract) {
    reader = SchemaLookup.reader(contract.readerSchema);
    schemas = new SchemaLookup(contract.registry, contract.known);
    converter = AvroToRowDataConverters.createRowConverter(type(contract.readerSchema), false);
  }

  /** The type of the rows that records of a schema become. */
  static RowType type(String schema) {
    return (RowType) AvroSchemaConverter.convertToDataType(schema, false).getLogicalType();
  }

  /** Throws AvroRuntimeException for a record that the schema has no place for after all. */
  GenericRowData read(byte[] block) throws IOException {
    int value = Block.ENTRY + Block.size(block, Block.KEY_SIZE) + Block.size(block, Block.HEADERS_SIZE);
    int payload = value + SchemaLookup.FRAMING;
    decoder = DecoderFactory.get().binaryDecoder(block, payload, block.length - payload, decoder);
    record = reading(ByteBuffer.wrap(block).getInt(value + 1)).read(record, decoder);
    return (GenericRowData) converter.convert(record);
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
