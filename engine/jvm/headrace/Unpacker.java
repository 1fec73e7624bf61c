package headrace;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.util.Collector;

/**
 * Output frame of Python to single records for the sinks; each is its index entry, key, headers and value.
 *
 * <p>A record for the topic FATAL carries the reason why the job has to stop for good.
 */
public final class Unpacker implements FlatMapFunction<byte[], byte[]> {
  private static final long serialVersionUID = 1L;
  static final int TIMESTAMP = 0, DESTINATION = 8, KEY_SIZE = 12, HEADERS_SIZE = 16, VALUE_SIZE = 20, ENTRY = 24;
  private static final int FATAL = -1;

  @Override
  public void flatMap(byte[] frame, Collector<byte[]> out) {
    FrameBuilder.each(
        frame,
        ENTRY,
        KEY_SIZE,
        record -> {
          if (Block.getInt(record, DESTINATION) == FATAL) throw JobFailed.forGood(reason(record));
          out.collect(record);
        });
  }

  /** The value of a record as Avro writes it, without the schema's id. */
  static ByteBuffer avro(byte[] record) {
    int size = Block.size(record, VALUE_SIZE);
    return ByteBuffer.wrap(record, record.length - size + SchemaLookup.FRAMING, size - SchemaLookup.FRAMING);
  }

  /** The message of the Python side, the user's own traceback first. */
  private static String reason(byte[] record) {
    int size = Block.size(record, VALUE_SIZE);
    return new String(record, record.length - size, size, StandardCharsets.UTF_8);
  }
}
