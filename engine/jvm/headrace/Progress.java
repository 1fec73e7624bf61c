package headrace;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.util.clock.RelativeClock;

/**
 * How far a subtask has come in each of the partitions that it reads.
 *
 * <p>The source tells which these are, the event times how far: both hold the same object, also after they have travelled to
 * a subtask, because Flink sends the two as one.
 */
public final class Progress implements Serializable {
  private static final long serialVersionUID = 1L;

  private final Partitions partitions;
  private final HashMap<Integer, Long> begins = new HashMap<>();
  private final HashMap<Integer, Long> ends = new HashMap<>();
  private final HashMap<Integer, Position> positions = new HashMap<>();
  private long stepNanos;
  private long toldNanos;
  private long ticks;

  /** Where each partition began and ended at submission, by its number; offsets may be of any size, as Python's are. */
  public Progress(Partitions partitions, Map<Integer, ? extends Number> begins, Map<Integer, ? extends Number> ends) {
    this.partitions = partitions;
    begins.forEach((partition, begin) -> this.begins.put(partition, begin.longValue()));
    ends.forEach((partition, end) -> this.ends.put(partition, end.longValue()));
  }

  /** Time stands still, and passes by so much where that is told; for sources that need not wait for it. */
  public Progress told(long stepNanos) {
    this.stepNanos = stepNanos;
    return this;
  }

  void timePasses() {
    toldNanos += stepNanos;
  }

  RelativeClock clock(RelativeClock clock) {
    return stepNanos == 0 ? clock : new Told();
  }

  /** Counts the times that watermarks are made. */
  void tick() {
    ticks++;
  }

  long ticks() {
    return ticks;
  }

  /** From now on this subtask reads a partition, which had come as far as that. */
  void assigned(KafkaPartitionSplit split, long largest) {
    int partition = partitions.number(split.getTopic(), split.getPartition());
    long offset = split.getStartingOffset();
    assigned(partition, offset == KafkaPartitionSplit.EARLIEST_OFFSET ? begins.getOrDefault(partition, 0L) : offset, largest);
  }

  void assigned(int partition, long offset, long largest) {
    Position position = of(partition);
    position.next = offset;
    position.largest = largest;
  }

  Position of(int partition) {
    return positions.computeIfAbsent(partition, ignored -> new Position(ends.getOrDefault(partition, 0L)));
  }

  Position of(KafkaPartitionSplit split) {
    return of(partitions.number(split.getTopic(), split.getPartition()));
  }

  /** Whether any partition has yet to deliver records that were there at submission. */
  boolean isBehind() {
    for (Position position : positions.values()) if (position.next < position.end) return true;
    return false;
  }

  /** The largest event time of all partitions; Block.NO_EVENT_TIME before the first. */
  long largest() {
    long largest = Block.NO_EVENT_TIME;
    for (Position position : positions.values()) largest = Math.max(largest, position.largest);
    return largest;
  }

  /** The least of the largest event times of those partitions that have yet to deliver what was there at submission. */
  long reached() {
    long least = Long.MAX_VALUE;
    for (Position position : positions.values()) {
      if (position.next < position.end) least = Math.min(least, position.largest);
    }
    return least;
  }

  private final class Told implements RelativeClock {
    @Override
    public long relativeTimeMillis() {
      return toldNanos / 1_000_000;
    }

    @Override
    public long relativeTimeNanos() {
      return toldNanos;
    }
  }

  /** How far a partition is read: the offset that comes next, and the largest event time of its good records. */
  static final class Position implements Serializable {
    private static final long serialVersionUID = 1L;

    final long end;
    long next;
    long largest = Block.NO_EVENT_TIME;

    Position(long end) {
      this.end = end;
      this.next = end;
    }
  }
}
