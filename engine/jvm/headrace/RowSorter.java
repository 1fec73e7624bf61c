package headrace;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;

/**
 * Releases rows in the order of their event times, those of one instant in that of their bytes, once the watermark has
 * passed them, with a watermark of its own after every few.
 *
 * <p>It stands before Flink's OVER, which looks at every row that waits for each that is due. Where a watermark has stood
 * still, all that came meanwhile is due at once, and the work would grow with its square. And it stands before whatever
 * aggregates, where the same rows have to give the same result: a sum of floating-point numbers, or a last value, depends
 * on their order. What waits here is state. A row behind the watermark, as those are that were sent again, passes at once.
 */
public final class RowSorter extends AbstractStreamOperator<RowData> implements OneInputStreamOperator<RowData, RowData> {
  private static final long serialVersionUID = 1L;
  private static final int STEP = 256;

  private final InternalTypeInfo<RowData> type;
  private final int eventTime;
  private final TreeMap<Long, List<RowData>> waiting = new TreeMap<>();
  private transient ListState<RowData> state;
  private transient RowDataSerializer rows;
  private transient long watermark;

  /** @param eventTime position of the field with the event time */
  public RowSorter(InternalTypeInfo<RowData> type, int eventTime) {
    this.type = type;
    this.eventTime = eventTime;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    rows = type.toRowSerializer();
    watermark = Long.MIN_VALUE;
    state = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("waiting", type));
    for (RowData row : state.get()) hold(row);
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    List<RowData> held = new ArrayList<>();
    waiting.values().forEach(held::addAll);
    state.update(held);
  }

  @Override
  public void processElement(StreamRecord<RowData> element) {
    if (element.getTimestamp() <= watermark) {
      output.collect(element);
    } else {
      hold(rows.toBinaryRow(element.getValue()).copy());
    }
  }

  private void hold(RowData row) {
    RowsByTime.add(waiting, row.getTimestamp(eventTime, 3).getMillisecond(), row);
  }

  @Override
  public void processWatermark(Watermark next) throws Exception {
    watermark = next.getTimestamp();
    int released = 0;
    while (!waiting.isEmpty() && waiting.firstKey() <= watermark) {
      Map.Entry<Long, List<RowData>> instant = waiting.pollFirstEntry();
      List<RowData> due = instant.getValue();
      due.sort(RowOrder::compare);
      for (RowData row : due) output.collect(new StreamRecord<>(row, instant.getKey()));
      released += due.size();
      if (released < STEP) continue;
      output.emitWatermark(new Watermark(instant.getKey()));
      released = 0;
    }
    super.processWatermark(next);
  }
}
