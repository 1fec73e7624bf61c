package headrace;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.TimerService;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.Collector;

/**
 * The rows of a table, each followed by the one that it replaces, to be deleted: a compacted topic holds one record of a
 * key, and so does its table, however far the compaction has come.
 */
public final class TableChanges extends KeyedProcessFunction<RowData, RowData, RowData> {
  private static final long serialVersionUID = 1L;

  private final RowType type;
  private transient ValueState<RowData> newest;
  private transient RowDataSerializer rows;

  public TableChanges(LogicalType type) {
    this.type = (RowType) type;
  }

  public InternalTypeInfo<RowData> type() {
    return InternalTypeInfo.of(type);
  }

  @Override
  public void open(OpenContext context) {
    rows = type().toRowSerializer();
    newest = getRuntimeContext().getState(new ValueStateDescriptor<>("newest", type()));
  }

  @Override
  public void processElement(RowData row, Context context, Collector<RowData> out) throws Exception {
    RowData held = newest.value();
    if (held != null && !Place.isAfter(row, held)) return;
    newest.update(rows.toBinaryRow(row).copy());
    if (deletes(row)) {
      forgetOnceLoaded(context.timerService());
    } else {
      out.collect(row); // first, so that a lookup between the two finds one of them
    }
    if (held != null && !deletes(held)) {
      RowData replaced = rows.copy(held);
      replaced.setRowKind(RowKind.DELETE);
      out.collect(replaced);
    }
  }

  /** What a deletion deletes may be read after it, until all is read that was there at submission. */
  private void forgetOnceLoaded(TimerService timers) {
    if (timers.currentWatermark() == Long.MAX_VALUE) newest.clear();
    else timers.registerEventTimeTimer(Long.MAX_VALUE);
  }

  @Override
  public void onTimer(long loaded, OnTimerContext context, Collector<RowData> out) throws Exception {
    if (newest.value() != null && deletes(newest.value())) newest.clear();
  }

  private static boolean deletes(RowData row) {
    return row.getRowKind() == RowKind.DELETE;
  }
}
