package headrace;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumWriter;
import org.apache.flink.avro.shaded.org.apache.avro.io.BinaryEncoder;
import org.apache.flink.avro.shaded.org.apache.avro.io.EncoderFactory;
import org.apache.flink.formats.avro.RowDataToAvroConverters;
import org.apache.flink.formats.avro.RowDataToAvroConverters.RowDataToAvroConverter;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.utils.LogicalTypeChecks;

/**
 * Rows to Avro, with a schema that Flink has made of their type.
 *
 * <p>Numbers, strings and instants go into the bytes as they are in the row; fields of all other kinds by Flink's converters,
 * which would make objects of the whole row on the way.
 */
final class RowEncoder {
  /** Writes one field of a row that has it. */
  private interface Writer {
    void write(RowData row, int position) throws IOException;
  }

  private final AvroBytes bytes;
  private final Writer[] writers;
  private final boolean[] optional;
  private BinaryEncoder encoder;

  RowEncoder(RowType rows, Schema schema, AvroBytes bytes) {
    this.bytes = bytes;
    int fields = rows.getFieldCount();
    writers = new Writer[fields];
    optional = new boolean[fields];
    for (int i = 0; i < fields; i++) {
      Schema field = schema.getFields().get(i).schema();
      optional[i] = field.getType() == Schema.Type.UNION;
      writers[i] = isLaterNull(field) ? null : plain(rows.getTypeAt(i));
      if (writers[i] != null) continue;
      optional[i] = false; // the converter sees to it
      writers[i] = converted(rows.getTypeAt(i), field);
    }
  }

  void write(RowData row) throws IOException {
    for (int i = 0; i < writers.length; i++) {
      if (optional[i]) {
        boolean isNull = row.isNullAt(i);
        bytes.putLong(isNull ? 0 : 1);
        if (isNull) continue;
      }
      writers[i].write(row, i);
    }
  }

  private static boolean isLaterNull(Schema field) {
    return field.getType() == Schema.Type.UNION
        && (field.getTypes().size() != 2 || field.getTypes().get(0).getType() != Schema.Type.NULL);
  }

  /** What writes a field of a common kind; null for one of another kind. */
  private Writer plain(LogicalType type) {
    switch (type.getTypeRoot()) {
      case BOOLEAN:
        return (row, at) -> bytes.putByte(row.getBoolean(at) ? 1 : 0);
      case INTEGER:
        return (row, at) -> bytes.putLong(row.getInt(at));
      case BIGINT:
        return (row, at) -> bytes.putLong(row.getLong(at));
      case FLOAT:
        return (row, at) -> bytes.putFixed(Float.floatToRawIntBits(row.getFloat(at)), 4);
      case DOUBLE:
        return (row, at) -> bytes.putFixed(Double.doubleToRawLongBits(row.getDouble(at)), 8);
      case CHAR:
      case VARCHAR:
        return (row, at) -> putText(row, at);
      case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
        int precision = LogicalTypeChecks.getPrecision(type);
        if (precision > 3) return null;
        return (row, at) -> bytes.putLong(row.getTimestamp(at, precision).getMillisecond());
      default:
        return null;
    }
  }

  private void putText(RowData row, int at) {
    byte[] text = row.getString(at).toBytes();
    for (byte one : text) {
      if (one < 0) {
        // a string that SQL has made of bytes need not be UTF-8
        text = row.getString(at).toString().getBytes(StandardCharsets.UTF_8);
        break;
      }
    }
    bytes.putLong(text.length);
    bytes.put(text);
  }

  private Writer converted(LogicalType type, Schema field) {
    RowDataToAvroConverter converter = RowDataToAvroConverters.createConverter(type, false);
    RowData.FieldGetter[] getter = new RowData.FieldGetter[1];
    GenericDatumWriter<Object> writer = new GenericDatumWriter<>(field);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    return (row, at) -> {
      if (getter[0] == null) getter[0] = RowData.createFieldGetter(type, at);
      out.reset();
      encoder = EncoderFactory.get().directBinaryEncoder(out, encoder);
      writer.write(converter.convert(field, getter[0].getFieldOrNull(row)), encoder);
      encoder.flush();
      bytes.put(out.toByteArray());
    };
  }
}
