package headrace;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;

/** One number for each partition of a source's topics: the topic's own number in the upper 16 bits (engine/plan/streams.py). */
public final class Partitions implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int BITS = 16;

  private final HashMap<String, Integer> topics = new HashMap<>();

  public Partitions(Map<String, Integer> topics) {
    this.topics.putAll(topics);
  }

  boolean has(String topic) {
    return topics.containsKey(topic);
  }

  int number(String topic, int partition) {
    if (partition >>> BITS != 0) throw new IllegalStateException("topic \"" + topic + "\": has more than 65,536 partitions");
    return topics.get(topic) << BITS | partition;
  }
}
