package headrace;

import java.io.DataInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.core.fs.local.LocalDataOutputStream;
import org.apache.flink.util.Collector;

/** Writes the records of an output frame to a file, as Flink's file sink does; schema and frame on standard input. */
public final class FileWriting {
  public static void main(String[] arguments) throws IOException {
    DataInputStream in = new DataInputStream(System.in);
    String schema = new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
    byte[] frame = in.readAllBytes();
    BulkWriter.Factory<byte[]> files = arguments[0].equals("avro") ? new AvroFiles(schema) : new ParquetFiles(schema);
    try (LocalDataOutputStream out = new LocalDataOutputStream(new File(arguments[1]))) {
      BulkWriter<byte[]> writer = files.create(out);
      new Unpacker().flatMap(frame, to(writer));
      writer.flush();
      writer.finish();
      out.flush(); // it is still open: the file sink has yet to sync it
    }
  }

  private static Collector<byte[]> to(BulkWriter<byte[]> writer) {
    return new Collector<>() {
      @Override
      public void collect(byte[] record) {
        try {
          writer.addElement(record);
        } catch (IOException broken) {
          throw new IllegalStateException(broken);
        }
      }

      @Override
      public void close() {}
    };
  }
}
