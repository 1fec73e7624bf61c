package headrace;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Marks late records: those below the largest earlier event time in their own partition minus the lateness.
 *
 * <p>The largest event times are state, so that the decision does not depend on timing or on crashes.
 */
public final class Gate extends AbstractStreamOperator<byte[]> implements OneInputStreamOperator<byte[], byte[]> {
  private static final long serialVersionUID = 1L;

  private final long latenessMs;
  private transient ListState<long[]> state;
  private transient Map<Integer, Long> maxima;

  public Gate(long latenessMs) {
    this.latenessMs = latenessMs;
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
    maxima = new HashMap<>();
    for (long[] entry : state.get()) maxima.merge((int) entry[0], entry[1], Math::max);
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    state.clear();
    for (Map.Entry<Integer, Long> entry : maxima.entrySet()) state.add(new long[] {entry.getKey(), entry.getValue()});
  }

  @Override
  public void processElement(StreamRecord<byte[]> element) {
    byte[] block = element.getValue();
    if (Block.status(block) == Status.OK) {
      int partition = Block.getInt(block, Block.PARTITION);
      long time = Block.getLong(block, Block.EVENT_TIME);
      Long max = maxima.get(partition);
      if (max != null && time < max - latenessMs) {
        block[Block.STATUS] = Status.LATE.code();
      } else if (max == null || time > max) {
        maxima.put(partition, time);
      }
    }
    output.collect(element);
  }
}
