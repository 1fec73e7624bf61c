package headrace;

import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.api.common.operators.ProcessingTimeService.ProcessingTimeCallback;
import org.apache.flink.types.Row;

/**
 * Packs records into frames per shard.
 *
 * <p>Flushes on size, on linger, before a watermark, before a checkpoint barrier and at the end of input: it holds no state.
 */
public final class Batcher extends AbstractStreamOperator<Row>
    implements OneInputStreamOperator<byte[], Row>, BoundedOneInput, ProcessingTimeCallback {
  private static final long serialVersionUID = 1L;

  private final int[] shardIds;
  private final int maxBytes;
  private final int maxRecords;
  private final long lingerMs;
  private transient FrameBuilder[] frames;
  private transient FrameLimit limit;
  private transient boolean waiting;

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
    limit = new FrameLimit(maxRecords);
    frames = new FrameBuilder[shardIds.length];
    for (int shard = 0; shard < frames.length; shard++) frames[shard] = new FrameBuilder();
  }

  @Override
  public void processElement(StreamRecord<byte[]> element) {
    byte[] block = element.getValue();
    int shard = Block.getInt(block, Block.SHARD);
    FrameBuilder frame = frames[shard];
    if (frame.size() + block.length > maxBytes) flush(shard);
    frame.add(block);
    if (limit.isReachedBy(frame.count()) || frame.size() >= maxBytes) {
      flush(shard);
    } else if (!waiting) {
      waiting = true;
      processingTimeService.registerTimer(processingTimeService.getCurrentProcessingTime() + lingerMs, this);
    }
  }

  private void flush(int shard) {
    int count = frames[shard].count();
    if (count == 0) return;
    output.collect(new StreamRecord<>(Row.of(shardIds[shard], frames[shard].build())));
    limit.flushed(count);
  }

  private void flushAll() {
    for (int shard = 0; shard < frames.length; shard++) flush(shard);
  }

  @Override
  public void onProcessingTime(long time) {
    waiting = false;
    flushAll();
  }

  @Override
  public void prepareSnapshotPreBarrier(long checkpointId) {
    flushAll();
  }

  @Override
  public void processWatermark(Watermark watermark) throws Exception {
    flushAll();
    super.processWatermark(watermark);
  }

  @Override
  public void endInput() {
    flushAll();
  }
}
