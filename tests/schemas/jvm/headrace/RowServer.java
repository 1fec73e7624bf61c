package headrace;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumReader;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumWriter;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericRecord;
import org.apache.flink.avro.shaded.org.apache.avro.io.BinaryEncoder;
import org.apache.flink.avro.shaded.org.apache.avro.io.DecoderFactory;
import org.apache.flink.avro.shaded.org.apache.avro.io.EncoderFactory;
import org.apache.flink.formats.avro.AvroToRowDataConverters;
import org.apache.flink.formats.avro.RowDataToAvroConverters;
import org.apache.flink.formats.avro.typeutils.AvroSchemaConverter;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.RowType;

/** Answers tests about rows. */
final class RowServer {
  private static final int FRONT = 3;

  private RowServer() {}

  /** The size of a schema, the schema, a record: a row of it as our encoder writes it, and as Flink's does. */
  static byte[] encoded(byte[] request) throws IOException {
    int size = ByteBuffer.wrap(request).getInt();
    String text = new String(request, 4, size, StandardCharsets.UTF_8);
    RowType type = (RowType) AvroSchemaConverter.convertToDataType(text, false).getLogicalType();
    Schema schema = SchemaLookup.parse(text);
    var decoder = DecoderFactory.get().binaryDecoder(request, 4 + size, request.length - 4 - size, null);
    GenericRecord record = new GenericDatumReader<GenericRecord>(schema).read(null, decoder);
    Object made = AvroToRowDataConverters.createRowConverter(type, false).convert(record);
    RowData row = new RowDataSerializer(type).toBinaryRow((RowData) made);
    byte[] ours = ours(row, type, schema), flinks = flinks(row, type, schema);
    return ByteBuffer.allocate(4 + ours.length + flinks.length).putInt(ours.length).put(ours).put(flinks).array();
  }

  private static byte[] ours(RowData row, RowType type, Schema schema) throws IOException {
    AvroBytes bytes = new AvroBytes();
    RowEncoder encoder = new RowEncoder(type, schema, bytes);
    bytes.reset(FRONT);
    encoder.write(row);
    byte[] written = bytes.toArray();
    return Arrays.copyOfRange(written, FRONT, written.length);
  }

  private static byte[] flinks(RowData row, RowType type, Schema schema) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
    Object converted = RowDataToAvroConverters.createConverter(type, false).convert(schema, row);
    new GenericDatumWriter<>(schema).write(converted, encoder);
    encoder.flush();
    return out.toByteArray();
  }
}
