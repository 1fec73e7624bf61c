package headrace;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;

/** Writes unpacked records to the topic that each names, so that all of them share one transaction. */
public final class OutputRecords implements KafkaRecordSerializationSchema<byte[]> {
  private static final long serialVersionUID = 1L;

  private final String[] topics;

  public OutputRecords(String[] topics) {
    this.topics = topics;
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(byte[] record, KafkaSinkContext context, Long ignored) {
    int key = Block.getInt(record, Unpacker.KEY_SIZE), value = Block.getInt(record, Unpacker.VALUE_SIZE);
    int headersAt = Unpacker.ENTRY + Math.max(0, key);
    int valueAt = headersAt + Block.size(record, Unpacker.HEADERS_SIZE);
    ProducerRecord<byte[], byte[]> out =
        new ProducerRecord<>(
            topics[Block.getInt(record, Unpacker.TOPIC)],
            null,
            Math.max(0L, Block.getLong(record, Unpacker.TIMESTAMP)),
            key < 0 ? null : Arrays.copyOfRange(record, Unpacker.ENTRY, headersAt),
            value < 0 ? null : Arrays.copyOfRange(record, valueAt, valueAt + value));
    ByteBuffer headers = ByteBuffer.wrap(record, headersAt, valueAt - headersAt);
    while (headers.hasRemaining()) {
      String name = new String(take(headers, headers.getInt()), StandardCharsets.UTF_8);
      int size = headers.getInt();
      out.headers().add(name, size < 0 ? null : take(headers, size));
    }
    return out;
  }

  private static byte[] take(ByteBuffer from, int size) {
    byte[] bytes = new byte[size];
    from.get(bytes);
    return bytes;
  }
}
