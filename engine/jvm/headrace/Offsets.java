package headrace;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;

/** Where reading begins or ends in each partition, as it was found out at submission. */
public final class Offsets {
  private Offsets() {}

  /** Offsets by topic and partition; their numbers may be of any size, as Python's are. */
  public static OffsetsInitializer of(Map<String, Map<Integer, ? extends Number>> offsets) {
    Map<TopicPartition, Long> found = new HashMap<>();
    offsets.forEach(
        (topic, partitions) ->
            partitions.forEach(
                (partition, offset) -> found.put(new TopicPartition(topic, partition), offset.longValue())));
    return OffsetsInitializer.offsets(found);
  }
}
