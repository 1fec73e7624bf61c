package headrace;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.accumulators.Accumulator;

/**
 * How many records of each partition were left out, added up for Flink's REST API.
 *
 * <p>Several subtasks may tell of one partition, which has moved from one to the other: the one that reads it counts most.
 */
public final class LeftOut implements Accumulator<Integer, Long> {
  private static final long serialVersionUID = 1L;

  private final HashMap<Integer, Long> counts = new HashMap<>();

  @Override
  public void add(Integer partition) {
    counts.merge(partition, 1L, Long::sum);
  }

  void restore(int partition, long count) {
    counts.merge(partition, count, Math::max);
  }

  long of(int partition) {
    return counts.getOrDefault(partition, 0L);
  }

  Set<Integer> partitions() {
    return counts.keySet();
  }

  @Override
  public Long getLocalValue() {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  @Override
  public void resetLocal() {
    counts.clear();
  }

  @Override
  public void merge(Accumulator<Integer, Long> other) {
    for (Map.Entry<Integer, Long> entry : ((LeftOut) other).counts.entrySet()) restore(entry.getKey(), entry.getValue());
  }

  @Override
  public LeftOut clone() {
    LeftOut copy = new LeftOut();
    copy.merge(this);
    return copy;
  }
}
