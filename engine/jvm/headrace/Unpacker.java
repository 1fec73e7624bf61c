package headrace;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.util.Collector;

/**
 * Output frame of Python to single records for the Kafka sinks; each is its index entry, key, headers and value.
 *
 * <p>A record for the topic FATAL carries the reason why the job has to stop for good.
 */
public final class Unpacker implements FlatMapFunction<byte[], byte[]> {
  private static final long serialVersionUID = 1L;
  static final int TIMESTAMP = 0, TOPIC = 8, KEY_SIZE = 12, HEADERS_SIZE = 16, VALUE_SIZE = 20, ENTRY = 24;
  private static final int FATAL = -1;

  /** The job cannot go on; the message is that of the Python side, the user's own traceback first. */
  public static final class JobFailed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    JobFailed(String message) {
      super(message, null, false, false);
    }
  }

  @Override
  public void flatMap(byte[] frame, Collector<byte[]> out) {
    int count = Block.getInt(frame, 4), entry = FrameBuilder.HEADER;
    int key = entry + count * ENTRY, header = key, value;
    for (int i = 0; i < count; i++) header += Block.size(frame, entry + i * ENTRY + KEY_SIZE);
    value = header;
    for (int i = 0; i < count; i++) value += Block.size(frame, entry + i * ENTRY + HEADERS_SIZE);
    for (int i = 0; i < count; i++, entry += ENTRY) {
      int keySize = Block.size(frame, entry + KEY_SIZE);
      int headerSize = Block.size(frame, entry + HEADERS_SIZE);
      int valueSize = Block.size(frame, entry + VALUE_SIZE);
      if (Block.getInt(frame, entry + TOPIC) == FATAL) {
        byte[] reason = Arrays.copyOfRange(frame, value, value + valueSize);
        throw new SuppressRestartsException(new JobFailed(new String(reason, StandardCharsets.UTF_8)));
      }
      byte[] record = new byte[ENTRY + keySize + headerSize + valueSize];
      System.arraycopy(frame, entry, record, 0, ENTRY);
      System.arraycopy(frame, key, record, ENTRY, keySize);
      System.arraycopy(frame, header, record, ENTRY + keySize, headerSize);
      System.arraycopy(frame, value, record, ENTRY + keySize + headerSize, valueSize);
      out.collect(record);
      key += keySize;
      header += headerSize;
      value += valueSize;
    }
  }
}
