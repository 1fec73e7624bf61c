package headrace;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.types.Row;

/**
 * Releases the records of each shard in the order (event time, partition, offset) once the watermark has passed them.
 *
 * <p>What waits is state, and so is the watermark: after a restart, the first one may be long in coming. A record behind
 * it, as those are that were sent again, is released at once: its place in the order has gone by. Records that Python will
 * only reject have no place in the order: they pass with the next ones released, and at once when none waits. So the shares
 * of good and bad that Python sees are about those of the input.
 * Equal rows of a connector, which have the same stand-in for an offset, are told apart by counting it up.
 */
public final class Sorter extends AbstractStreamOperator<Row> implements OneInputStreamOperator<Row, Row> {
  private static final long serialVersionUID = 1L;
  private static final String WAITING = "waiting";

  private final int maxBytes;
  private final int maxRecords;
  private final int allShards;
  private transient Map<Integer, Waiting> shards;
  private transient ListState<byte[]> state;
  private transient ListState<Long> passed;
  private transient FrameBuilder frame;
  private transient long watermark;
  /** The watermark, but for the last one of all, which is no event time: a job that was drained may go on. */
  private transient long reached;

  /** @param allShards how many shards there are, those of other subtasks included */
  public Sorter(int maxBytes, int maxRecords, int allShards) {
    this.maxBytes = maxBytes;
    this.maxRecords = maxRecords;
    this.allShards = allShards;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    shards = new TreeMap<>();
    frame = new FrameBuilder();
    passed = context.getOperatorStateStore().getUnionListState(new ListStateDescriptor<>("passed", Long.class));
    reached = StreamSupport.stream(passed.get().spliterator(), false).min(Long::compare).orElse(Long.MIN_VALUE);
    watermark = reached;
    state =
        context
            .getKeyedStateStore()
            .getListState(new ListStateDescriptor<>(WAITING, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
    if (!context.isRestored()) return;
    List<Row> keys = new ArrayList<>();
    try (var stored = this.<Row>getKeyedStateBackend().<VoidNamespace>getKeys(WAITING, VoidNamespace.INSTANCE)) {
      stored.forEach(keys::add);
    }
    for (Row key : keys) {
      setCurrentKey(key);
      Waiting waiting = waiting((int) key.getField(0));
      for (byte[] packed : state.get()) FrameBuilder.each(packed, waiting::add);
    }
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    for (Map.Entry<Integer, Waiting> shard : shards.entrySet()) {
      setCurrentKey(Row.of(shard.getKey()));
      state.update(shard.getValue().frames(maxBytes));
    }
    passed.update(List.of(reached));
  }

  private Waiting waiting(int shard) {
    return shards.computeIfAbsent(shard, ignored -> new Waiting(new FrameLimit(maxRecords, allShards, System::nanoTime)));
  }

  @Override
  public void processElement(StreamRecord<Row> element) {
    int shard = (int) element.getValue().getField(0);
    Waiting waiting = waiting(shard);
    FrameBuilder.each((byte[]) element.getValue().getField(1), waiting::add);
    releaseDue(shard, waiting);
    if (waiting.good.isEmpty() || waiting.isRefusedAgain()) releaseRefused(shard, waiting);
    flush(shard, waiting);
  }

  @Override
  public void processWatermark(Watermark next) throws Exception {
    watermark = Math.max(watermark, next.getTimestamp());
    if (watermark < Watermark.MAX_WATERMARK.getTimestamp()) reached = watermark;
    for (Map.Entry<Integer, Waiting> entry : shards.entrySet()) {
      int shard = entry.getKey();
      Waiting waiting = entry.getValue();
      if (!waiting.isDue(watermark)) continue;
      releaseDue(shard, waiting);
      releaseRefused(shard, waiting);
      flush(shard, waiting);
    }
    super.processWatermark(next);
  }

  private void releaseDue(int shard, Waiting waiting) {
    while (waiting.isDue(watermark)) release(shard, waiting, waiting.next());
  }

  private void releaseRefused(int shard, Waiting waiting) {
    for (byte[] block : waiting.refused) release(shard, waiting, block);
    waiting.refused.clear();
  }

  private void release(int shard, Waiting waiting, byte[] block) {
    if (frame.size() + block.length > maxBytes) flush(shard, waiting);
    if (frame.count() == 0) waiting.limit.begin();
    frame.add(block);
    if (waiting.limit.isReachedBy(frame.count())) flush(shard, waiting);
  }

  private void flush(int shard, Waiting waiting) {
    int count = frame.count();
    if (count == 0) return;
    output.collect(new StreamRecord<>(Row.of(shard, frame.build())));
    waiting.limit.flushed(count);
  }
}
