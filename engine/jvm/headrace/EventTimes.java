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

/**
 * A watermark per partition, moved by good records only.
 *
 * <p>A quiet partition is passed over after the idle timeout, but only once the records that were there at the start are
 * read, and never where the timeout is 0.
 */
public final class EventTimes implements WatermarkStrategy<byte[]> {
  private static final long serialVersionUID = 1L;

  private final long latenessMs;
  private final long idleMs;
  private final HashMap<Integer, Long> endOffsets;
  /** All partitions that this subtask reads; each subtask has its own copy of this object. */
  private transient List<Partition> partitions;

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
    Partition partition = new Partition();
    partitions.add(partition);
    return partition;
  }

  private boolean catchingUp() {
    return partitions.stream().anyMatch(partition -> partition.behind);
  }

  private final class Partition implements WatermarkGenerator<byte[]> {
    private long max = Long.MIN_VALUE;
    private boolean behind;
    private long quietSince = System.nanoTime();

    @Override
    public void onEvent(byte[] block, long eventTime, WatermarkOutput output) {
      quietSince = System.nanoTime();
      behind = Block.getLong(block, Block.OFFSET) + 1 < endOffsets.getOrDefault(Block.getInt(block, Block.PARTITION), 0L);
      if (Block.status(block) == Status.OK && eventTime > max) max = eventTime;
    }

    @Override
    public void onPeriodicEmit(WatermarkOutput output) {
      if (catchingUp()) quietSince = System.nanoTime();
      if (idleMs > 0 && System.nanoTime() - quietSince > idleMs * 1_000_000) {
        output.markIdle();
      } else if (max != Long.MIN_VALUE) {
        output.emitWatermark(new Watermark(max - latenessMs - 1));
      }
    }
  }
}
