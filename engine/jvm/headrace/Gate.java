package headrace;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;

/**
 * Marks late records: those below the largest earlier event time in their own partition minus the lateness. Leaves out those
 * outside of a range of event times, which are read all the same: what is late is late in any range.
 *
 * <p>A record whose event time cannot be read stands at the largest one before it. The largest event times are state, and so
 * is how many records were left out, so that neither depends on timing or on crashes.
 */
public final class Gate extends AbstractStreamOperator<byte[]>
    implements OneInputStreamOperator<byte[], byte[]>, BoundedOneInput {
  private static final long serialVersionUID = 1L;
  private static final String LEFT_OUT = "left out: ";

  private final long latenessMs;
  private final Range range;
  private final String name;
  private final HashMap<Integer, Long> maxima = new HashMap<>();
  private final LeftOut leftOut = new LeftOut();
  private transient ListState<long[]> state;

  /** @param name under which it tells how many records it has left out */
  public Gate(long latenessMs, Range range, String name) {
    this.latenessMs = latenessMs;
    this.range = range;
    this.name = name;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    // union: a partition may have moved to this subtask; entries of others are never ahead of their owner's
    state =
        context
            .getOperatorStateStore()
            .getUnionListState(
                new ListStateDescriptor<>("maxima", PrimitiveArrayTypeInfo.LONG_PRIMITIVE_ARRAY_TYPE_INFO));
    for (long[] entry : state.get()) {
      maxima.merge((int) entry[0], entry[1], Math::max);
      if (entry.length > 2 && entry[2] > 0) leftOut.restore((int) entry[0], entry[2]);
    }
    if (!range.equals(Range.ALL)) {
      getRuntimeContext().addAccumulator(LEFT_OUT + name, leftOut);
    }
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    state.clear();
    Set<Integer> partitions = new HashSet<>(maxima.keySet());
    partitions.addAll(leftOut.partitions());
    for (int partition : partitions) {
      state.add(new long[] {partition, maxima.getOrDefault(partition, Block.NO_EVENT_TIME), leftOut.of(partition)});
    }
  }

  @Override
  public void processElement(StreamRecord<byte[]> element) {
    if (passes(element.getValue())) output.collect(element);
  }

  /** Tells those behind that nothing more comes: Flink's own word does not get past a source that is idle. */
  @Override
  public void endInput() throws Exception {
    processWatermarkStatus(WatermarkStatus.ACTIVE);
    processWatermark(Watermark.MAX_WATERMARK);
  }

  /** Marks a record if it is late; false for one outside of the range. */
  boolean passes(byte[] block) {
    int partition = Block.getInt(block, Block.PARTITION);
    Long known = maxima.get(partition);
    long max = known == null ? Block.NO_EVENT_TIME : known, time = Block.getLong(block, Block.EVENT_TIME);
    if (Block.status(block) == Status.OK) {
      if (max != Block.NO_EVENT_TIME && time < max - latenessMs) {
        block[Block.STATUS] = Status.LATE.code();
      } else if (time > max) {
        maxima.put(partition, time);
      }
    }
    long stands = time == Block.NO_EVENT_TIME ? max : time;
    if (stands == Block.NO_EVENT_TIME || range.holds(stands)) return true;
    leftOut.add(partition);
    return false;
  }
}
