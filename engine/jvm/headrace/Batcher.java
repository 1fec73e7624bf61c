package headrace;

import java.util.Arrays;
import java.util.concurrent.ScheduledFuture;
import org.apache.flink.runtime.io.network.api.writer.ResultPartitionWriter;
import org.apache.flink.runtime.io.network.partition.ResultPartition;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.api.common.operators.ProcessingTimeService.ProcessingTimeCallback;
import org.apache.flink.types.Row;

/**
 * Packs records into frames per shard.
 *
 * <p>A frame leaves when it is full, after the linger, before a checkpoint barrier and at the end of input: so there is no
 * state. The linger is up to 20 times as long, and longer where many shards wait, while those behind are busy, or records
 * are old when they come, and more is to come: a longer wait costs little then, and gives larger frames. A watermark leaves
 * after the records before it.
 */
public final class Batcher extends AbstractStreamOperator<Row>
    implements OneInputStreamOperator<byte[], Row>, BoundedOneInput, ProcessingTimeCallback {
  private static final long serialVersionUID = 1L;
  private static final int MOST_LINGERS = 20;
  private static final long BEHIND_MS = 1_000;

  private final int[] shardIds;
  private final int maxBytes;
  private final int maxRecords;
  private final long lingerMs;
  private transient FrameBuilder[] frames;
  private transient FrameLimit[] limits;
  private transient ScheduledFuture<?> timer;
  private transient long waitingSince, dueAt, lastArrival;
  private transient Watermark held;

  /** @param shardIds the Flink key of each shard, chosen so that shards spread evenly over the slots */
  public Batcher(int[] shardIds, int maxBytes, int maxRecords, long lingerMs) {
    this.shardIds = shardIds;
    this.maxBytes = maxBytes;
    this.maxRecords = maxRecords;
    this.lingerMs = lingerMs;
  }

  @Override
  public void open() throws Exception {
    super.open();
    frames = new FrameBuilder[shardIds.length];
    limits = new FrameLimit[shardIds.length];
    for (int shard = 0; shard < frames.length; shard++) {
      frames[shard] = new FrameBuilder();
      limits[shard] = new FrameLimit(maxRecords, frames.length, System::nanoTime);
    }
  }

  @Override
  public void processElement(StreamRecord<byte[]> element) {
    byte[] block = element.getValue();
    int shard = Block.getInt(block, Block.SHARD);
    FrameBuilder frame = frames[shard];
    if (frame.size() + block.length > maxBytes) flush(shard);
    if (frame.count() == 0) limits[shard].begin();
    frame.add(block);
    lastArrival = Block.getLong(block, Block.ARRIVAL);
    if (limits[shard].isReachedBy(frame.count()) || frame.size() >= maxBytes) {
      flush(shard);
    } else if (timer == null) {
      waitingSince = processingTimeService.getCurrentProcessingTime();
      setTimer(waitingSince + lingerMs);
    }
  }

  private void setTimer(long time) {
    dueAt = time;
    timer = processingTimeService.registerTimer(time, this);
  }

  private void flush(int shard) {
    int count = frames[shard].count();
    if (count == 0) return;
    output.collect(new StreamRecord<>(Row.of(shardIds[shard], frames[shard].build())));
    limits[shard].flushed(count);
    if (isEmpty()) settle();
  }

  private void flushAll() {
    for (int shard = 0; shard < frames.length; shard++) flush(shard);
  }

  private boolean isEmpty() {
    for (FrameBuilder frame : frames) if (frame.count() > 0) return false;
    return true;
  }

  /** Nothing waits any more: neither does a watermark, and the timer has no purpose. */
  private void settle() {
    if (timer != null) timer.cancel(false);
    timer = null;
    if (held != null) output.emitWatermark(held);
    held = null;
  }

  @Override
  public void onProcessingTime(long time) {
    if (timer == null || time != dueAt) return; // cancelled when it was on its way already
    boolean urgent = time - waitingSince >= mostWaitMs();
    if (isWayFree(urgent) && (urgent || !isCatchingUp(time))) {
      timer = null;
      flushAll();
    } else {
      setTimer(time + lingerMs);
    }
  }

  /** Whether the last record is older than one gets by waiting its turn. */
  private boolean isCatchingUp(long time) {
    return time - lastArrival > BEHIND_MS + frames.length * FrameLimit.SHARD_MS;
  }

  /** No less than what waits will take those behind: a frame has its price, however small it is. */
  private long mostWaitMs() {
    long waiting = Arrays.stream(frames).filter(frame -> frame.count() > 0).count();
    return Math.max(MOST_LINGERS * lingerMs, waiting * FrameLimit.SHARD_MS);
  }

  /** Whether those behind have taken all that was sent to them; where it is urgent, whether more can be sent at all. */
  private boolean isWayFree(boolean urgent) {
    for (ResultPartitionWriter writer : getContainingTask().getEnvironment().getAllWriters()) {
      boolean isTaken = ((ResultPartition) writer).getSizeOfQueuedBuffersUnsafe() <= 0;
      if (!writer.isAvailable() || !isTaken && !urgent) return false;
    }
    return true;
  }

  @Override
  public void prepareSnapshotPreBarrier(long checkpointId) {
    flushAll();
  }

  @Override
  public void processWatermark(Watermark watermark) throws Exception {
    if (isEmpty()) {
      super.processWatermark(watermark);
    } else {
      held = watermark;
    }
  }

  @Override
  public void processWatermarkStatus(WatermarkStatus status) throws Exception {
    flushAll();
    super.processWatermarkStatus(status);
  }

  @Override
  public void endInput() throws Exception {
    flushAll();
    // a join holds back even the last watermark, by as much as its rows may be late
    super.processWatermarkStatus(WatermarkStatus.ACTIVE);
    super.processWatermark(Watermark.MAX_WATERMARK);
  }
}
