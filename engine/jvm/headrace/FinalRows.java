package headrace;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.RowKind;

/**
 * The rows that a result which changes has in the end, each as often as it is there, in the order (event time, row).
 *
 * <p>Its key is the row itself, and its state how often it is there. Watermarks wait for the end with the rows, which would
 * be late behind them.
 */
public final class FinalRows extends AbstractStreamOperator<RowData> implements OneInputStreamOperator<RowData, RowData> {
  private static final long serialVersionUID = 1L;
  private static final String COUNT = "count";

  private final int eventTime;
  private final String timeless;
  private transient ValueState<Long> count;

  /**
   * @param eventTime position of the field with the event time
   * @param timeless what to say of a row that has none
   */
  public FinalRows(int eventTime, String timeless) {
    this.eventTime = eventTime;
    this.timeless = timeless;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    count = context.getKeyedStateStore().getState(new ValueStateDescriptor<>(COUNT, Types.LONG));
  }

  @Override
  public void processElement(StreamRecord<RowData> element) throws Exception {
    RowKind kind = element.getValue().getRowKind();
    long known = count.value() == null ? 0 : count.value();
    long now = kind == RowKind.INSERT || kind == RowKind.UPDATE_AFTER ? known + 1 : known - 1;
    count.update(now == 0 ? null : now);
  }

  @Override
  public void processWatermark(Watermark watermark) throws Exception {
    if (!watermark.equals(Watermark.MAX_WATERMARK)) return;
    List<RowData> rows = rows();
    if (rows.stream().anyMatch(row -> row.isNullAt(eventTime))) throw JobFailed.forGood(timeless);
    rows.sort(Comparator.comparingLong(this::time).thenComparing(RowOrder::compare));
    for (RowData row : rows) {
      setCurrentKey(row);
      for (long left = count.value(); left > 0; left--) output.collect(new StreamRecord<>(row, time(row)));
      count.clear();
    }
    super.processWatermark(watermark);
  }

  /** A source that is idle ends all the same. */
  @Override
  public void processWatermarkStatus(WatermarkStatus status) {}

  private List<RowData> rows() throws Exception {
    try (var keys = this.<RowData>getKeyedStateBackend().<VoidNamespace>getKeys(COUNT, VoidNamespace.INSTANCE)) {
      return new ArrayList<>(keys.toList());
    }
  }

  private long time(RowData row) {
    return row.getTimestamp(eventTime, 3).getMillisecond();
  }
}
