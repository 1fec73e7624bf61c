package headrace;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.eventtime.TimestampAssigner;
import org.apache.flink.api.common.eventtime.TimestampAssignerSupplier;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.util.clock.RelativeClock;

/**
 * A watermark per partition, moved by good records only.
 *
 * <p>A quiet partition is passed over once others have gone on without it for the idle timeout. Where all are quiet, as in
 * an outage of the broker, they are passed over together and waited for together: the first record of one must not
 * overtake the others'. Nothing is passed over while a partition that has delivered a record has yet to deliver others that
 * were there at the start; one that has delivered none yet counts as quiet, whatever is there. Nor is anything passed over
 * where the timeout is 0.
 */
public final class EventTimes implements WatermarkStrategy<byte[]> {
  private static final long serialVersionUID = 1L;

  private final long latenessMs;
  private final long idleMs;
  private final HashMap<Integer, Long> endOffsets;
  /** All partitions that this subtask reads; each subtask has its own copy of this object. */
  private transient List<Partition> partitions;
  private transient boolean allQuiet;

  public EventTimes(long latenessMs, long idleMs, Map<Integer, ? extends Number> endOffsets) {
    this.latenessMs = latenessMs;
    this.idleMs = idleMs;
    this.endOffsets = new HashMap<>();
    endOffsets.forEach((partition, end) -> this.endOffsets.put(partition, end.longValue()));
  }

  @Override
  public TimestampAssigner<byte[]> createTimestampAssigner(TimestampAssignerSupplier.Context context) {
    return (block, ignored) -> Block.getLong(block, Block.EVENT_TIME);
  }

  @Override
  public WatermarkGenerator<byte[]> createWatermarkGenerator(WatermarkGeneratorSupplier.Context context) {
    if (partitions == null) partitions = new ArrayList<>();
    Partition partition = new Partition(context.getInputActivityClock());
    partitions.add(partition);
    return partition;
  }

  /** Takes note of what has come since the last call. */
  private void settle() {
    boolean moved = partitions.stream().anyMatch(partition -> partition.moved);
    boolean together = moved && allQuiet || partitions.stream().anyMatch(partition -> partition.behind);
    for (Partition partition : partitions) partition.settle(together);
    if (moved) allQuiet = false;
  }

  private final class Partition implements WatermarkGenerator<byte[]> {
    /** Stands still under backpressure: a partition is not quiet while nothing is taken from it. */
    private final RelativeClock clock;
    private long quietSince;
    private boolean moved;
    private boolean behind;
    private int number;
    private long offset;
    private long max = Long.MIN_VALUE;

    Partition(RelativeClock clock) {
      this.clock = clock;
      this.quietSince = clock.relativeTimeNanos();
    }

    @Override
    public void onEvent(byte[] block, long eventTime, WatermarkOutput output) {
      moved = true;
      number = Block.getInt(block, Block.PARTITION);
      offset = Block.getLong(block, Block.OFFSET);
      if (Block.status(block) == Status.OK && eventTime > max) max = eventTime;
    }

    @Override
    public void onPeriodicEmit(WatermarkOutput output) {
      EventTimes.this.settle();
      if (idleMs > 0 && isPassedOver(idleMs * 1_000_000)) {
        output.markIdle();
      } else if (max != Long.MIN_VALUE) {
        output.emitWatermark(new Watermark(max - latenessMs - 1));
      }
    }

    private void settle(boolean together) {
      if (moved || together) quietSince = clock.relativeTimeNanos();
      if (moved) behind = offset + 1 < endOffsets.getOrDefault(number, 0L);
      moved = false;
    }

    private boolean isPassedOver(long idleNanos) {
      long least = partitions.stream().mapToLong(Partition::quietNanos).min().orElse(0);
      if (least > idleNanos) allQuiet = true;
      return least > idleNanos || quietNanos() - least > idleNanos;
    }

    private long quietNanos() {
      return clock.relativeTimeNanos() - quietSince;
    }
  }
}
