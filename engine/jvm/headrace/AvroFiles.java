package headrace;

import java.io.IOException;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.avro.shaded.org.apache.avro.file.CodecFactory;
import org.apache.flink.avro.shaded.org.apache.avro.file.DataFileWriter;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumWriter;
import org.apache.flink.core.fs.FSDataOutputStream;

/** Writes unpacked records, whose values are Avro already, to Avro container files. */
public final class AvroFiles implements BulkWriter.Factory<byte[]> {
  private static final long serialVersionUID = 1L;
  private static final int LEVEL = 6; // of deflate, zlib's own default

  private final String schema;

  /** @param schema Avro schema of the records, as JSON */
  public AvroFiles(String schema) {
    this.schema = schema;
  }

  @Override
  public BulkWriter<byte[]> create(FSDataOutputStream out) throws IOException {
    DataFileWriter<Object> file = new DataFileWriter<>(new GenericDatumWriter<>());
    return new Writer(file.setCodec(CodecFactory.deflateCodec(LEVEL)).create(SchemaLookup.parse(schema), out));
  }

  private static final class Writer implements BulkWriter<byte[]> {
    private final DataFileWriter<Object> file;

    Writer(DataFileWriter<Object> file) {
      this.file = file;
    }

    @Override
    public void addElement(byte[] record) throws IOException {
      file.appendEncoded(Unpacker.avro(record));
    }

    @Override
    public void flush() throws IOException {
      file.flush();
    }

    /** The stream is Flink's to close: it becomes a file with the checkpoint. */
    @Override
    public void finish() throws IOException {
      file.flush();
    }
  }
}
