package headrace;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * A source of topics with two things more: a subtask knows from the start which partitions it reads, and the largest event
 * time of each is part of the source's state, which moves with the partition.
 */
public class TopicSource extends PromptSource {
  private static final long serialVersionUID = 1L;

  final Progress progress;

  public TopicSource(Source<byte[], KafkaPartitionSplit, KafkaSourceEnumState> kafka, Progress progress) {
    super(kafka);
    this.progress = progress;
  }

  @Override
  public SimpleVersionedSerializer<KafkaPartitionSplit> getSplitSerializer() {
    return new Splits(super.getSplitSerializer(), progress);
  }

  /** What Kafka's own serializer writes, and the largest event time; what is read in a subtask is assigned to it. */
  private record Splits(SimpleVersionedSerializer<KafkaPartitionSplit> kafka, Progress progress)
      implements SimpleVersionedSerializer<KafkaPartitionSplit> {
    private static final int VERSION = 1 << 16;

    @Override
    public int getVersion() {
      return VERSION + kafka.getVersion();
    }

    @Override
    public byte[] serialize(KafkaPartitionSplit split) throws IOException {
      byte[] bytes = kafka.serialize(split);
      return ByteBuffer.allocate(bytes.length + Long.BYTES).put(bytes).putLong(progress.of(split).largest).array();
    }

    @Override
    public KafkaPartitionSplit deserialize(int version, byte[] bytes) throws IOException {
      boolean isKafkas = version < VERSION;
      int size = isKafkas ? bytes.length : bytes.length - Long.BYTES;
      KafkaPartitionSplit split = kafka.deserialize(version % VERSION, Arrays.copyOf(bytes, size));
      progress.assigned(split, isKafkas ? Block.NO_EVENT_TIME : ByteBuffer.wrap(bytes).getLong(size));
      return split;
    }
  }
}
