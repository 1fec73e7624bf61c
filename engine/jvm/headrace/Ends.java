package headrace;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;

/** Where a bounded run ends in each partition: after the records that were there when it was submitted. */
public final class Ends {
  private Ends() {}

  /** Offsets by partition; their numbers may be of any size, as Python's are. */
  public static OffsetsInitializer of(String topic, Map<Integer, ? extends Number> ends) {
    Map<TopicPartition, Long> offsets = new HashMap<>();
    ends.forEach((partition, end) -> offsets.put(new TopicPartition(topic, partition), end.longValue()));
    return OffsetsInitializer.offsets(offsets);
  }
}
