package headrace;

import java.nio.ByteBuffer;
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
            topics[Block.getInt(record, Unpacker.DESTINATION)],
            null,
            Math.max(0L, Block.getLong(record, Unpacker.TIMESTAMP)),
            key < 0 ? null : Arrays.copyOfRange(record, Unpacker.ENTRY, headersAt),
            value < 0 ? null : Arrays.copyOfRange(record, valueAt, valueAt + value));
    PackedHeaders.addTo(out.headers(), ByteBuffer.wrap(record, headersAt, valueAt - headersAt));
    return out;
  }
}
