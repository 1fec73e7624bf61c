package headrace;

import java.util.ArrayList;
import java.util.List;
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
 * overtake the others'. Nothing is passed over while a partition has yet to deliver records that were there at the start,
 * nor where the timeout is 0.
 *
 * <p>A source with a heartbeat has records of one instant every so often. Its quiet partitions are not idle: their watermark
 * goes on to just before the instant after the largest event time, and no further.
 */
public final class EventTimes implements WatermarkStrategy<byte[]> {
  private static final long serialVersionUID = 1L;
  private static final long NO_HEARTBEAT = 0;

  private final long latenessMs;
  private final long idleMs;
  private final long heartbeatMs;
  private final Progress progress;
  /** One generator for each partition of this subtask, and the source's own; each subtask has its own copy of this object. */
  private transient List<Partition> partitions;
  private transient boolean allQuiet;

  /** @param heartbeatMs from one instant to the next, 0 for a source that promises none */
  public EventTimes(long latenessMs, long idleMs, long heartbeatMs, Progress progress) {
    this.latenessMs = latenessMs;
    this.idleMs = idleMs;
    this.heartbeatMs = heartbeatMs;
    this.progress = progress;
  }

  @Override
  public TimestampAssigner<byte[]> createTimestampAssigner(TimestampAssignerSupplier.Context context) {
    return (block, ignored) -> Block.getLong(block, Block.EVENT_TIME);
  }

  @Override
  public WatermarkGenerator<byte[]> createWatermarkGenerator(WatermarkGeneratorSupplier.Context context) {
    if (partitions == null) partitions = new ArrayList<>();
    // Flink's first one is for records of no partition, of which there are none: it has nothing to promise
    RelativeClock clock = progress.clock(context.getInputActivityClock());
    Partition partition = new Partition(clock, partitions.isEmpty() ? NO_HEARTBEAT : heartbeatMs);
    partitions.add(partition);
    return partition;
  }

  /** Takes note of what has come since the last call. */
  private void settle() {
    progress.tick();
    boolean moved = partitions.stream().anyMatch(partition -> partition.moved);
    boolean together = moved && allQuiet || progress.isBehind();
    for (Partition partition : partitions) partition.settle(together);
    if (moved) allQuiet = false;
  }

  private final class Partition implements WatermarkGenerator<byte[]> {
    /** Stands still under backpressure: a partition is not quiet while nothing is taken from it. */
    private final RelativeClock clock;
    private final long heartbeatMs;
    private long quietSince;
    private boolean moved;
    private Progress.Position position;

    Partition(RelativeClock clock, long heartbeatMs) {
      this.clock = clock;
      this.heartbeatMs = heartbeatMs;
      this.quietSince = clock.relativeTimeNanos();
    }

    @Override
    public void onEvent(byte[] block, long eventTime, WatermarkOutput output) {
      moved = true;
      if (position == null) position = progress.of(Block.getInt(block, Block.PARTITION));
      position.next = Block.getLong(block, Block.OFFSET) + 1;
      if (Block.status(block) == Status.OK && eventTime > position.largest) position.largest = eventTime;
    }

    @Override
    public void onPeriodicEmit(WatermarkOutput output) {
      EventTimes.this.settle();
      if (idleMs > 0 && isPassedOver(idleMs * 1_000_000)) {
        passOver(output);
      } else if (position != null && position.largest != Block.NO_EVENT_TIME) {
        output.emitWatermark(new Watermark(position.largest - latenessMs - 1));
      }
    }

    private void passOver(WatermarkOutput output) {
      long largest = progress.largest();
      if (heartbeatMs == NO_HEARTBEAT || largest == Block.NO_EVENT_TIME) {
        output.markIdle();
      } else {
        output.emitWatermark(new Watermark(largest + heartbeatMs - 1));
      }
    }

    private void settle(boolean together) {
      if (moved || together) quietSince = clock.relativeTimeNanos();
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
