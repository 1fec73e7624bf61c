package headrace;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.ListTypeInfo;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.runtime.typeutils.SortedMapTypeInfo;
import org.apache.flink.util.Collector;

/**
 * Each left row with the newest right row of its key that is not after it.
 *
 * <p>Where it waits, a left row waits until the watermarks of both sides have passed it: so what it finds depends on event
 * times only. Where it does not, it takes what has arrived. Of right rows of one instant the one with the greatest bytes
 * counts, so that their order of arrival does not matter.
 */
public final class AsOfJoin extends KeyedCoProcessFunction<RowData, RowData, RowData, RowData> {
  private static final long serialVersionUID = 1L;

  private final Columns columns;
  private final long toleranceMs;
  private final boolean waits;
  private final boolean keepsUnmatched;
  private transient MapState<Long, List<RowData>> waiting;
  private transient ValueState<SortedMap<Long, RowData>> versions;
  private transient RowDataSerializer leftRows, rightRows;

  /** @param toleranceMs how much older than the left row the right one may be; negative: any age */
  public AsOfJoin(Columns columns, long toleranceMs, boolean waits, boolean keepsUnmatched) {
    this.columns = columns;
    this.toleranceMs = toleranceMs;
    this.waits = waits;
    this.keepsUnmatched = keepsUnmatched;
  }

  @Override
  public void open(OpenContext context) {
    leftRows = columns.leftType().toRowSerializer();
    rightRows = columns.rightType().toRowSerializer();
    var rows = new ListTypeInfo<>(columns.leftType());
    waiting = getRuntimeContext().getMapState(new MapStateDescriptor<>("waiting", Types.LONG, rows));
    var byTime = new SortedMapTypeInfo<>(Types.LONG, columns.rightType(), Comparator.naturalOrder());
    versions = getRuntimeContext().getState(new ValueStateDescriptor<>("versions", byTime));
  }

  @Override
  public void processElement1(RowData row, Context context, Collector<RowData> out) throws Exception {
    long time = context.timestamp();
    if (RowKey.hasNull(context.getCurrentKey())) {
      join(row, null, out);
    } else if (waits && time > context.timerService().currentWatermark()) {
      List<RowData> there = waiting.get(time);
      if (there == null) there = new ArrayList<>();
      there.add(leftRows.toBinaryRow(row).copy());
      waiting.put(time, there);
      context.timerService().registerEventTimeTimer(time);
    } else {
      join(row, version(time), out);
    }
  }

  @Override
  public void processElement2(RowData row, Context context, Collector<RowData> out) throws Exception {
    if (RowKey.hasNull(context.getCurrentKey())) return;
    long time = context.timestamp();
    SortedMap<Long, RowData> known = versions.value();
    if (known == null) known = new TreeMap<>();
    known.merge(time, rightRows.toBinaryRow(row).copy(), RowOrder::greater);
    versions.update(known);
    context.timerService().registerEventTimeTimer(time);
    if (toleranceMs >= 0) context.timerService().registerEventTimeTimer(time + toleranceMs + 1);
  }

  @Override
  public void onTimer(long time, OnTimerContext context, Collector<RowData> out) throws Exception {
    List<RowData> due = waiting.get(time);
    if (due != null) {
      waiting.remove(time);
      RowData version = version(time);
      for (RowData row : due) join(row, version, out);
    }
    forget(time);
  }

  /** The newest right row that is neither after {@code time} nor older than the tolerance. */
  private RowData version(long time) throws Exception {
    SortedMap<Long, RowData> known = versions.value();
    if (known == null) return null;
    SortedMap<Long, RowData> before = known.headMap(time + 1);
    if (before.isEmpty()) return null;
    long newest = before.lastKey();
    return toleranceMs < 0 || time - newest <= toleranceMs ? before.get(newest) : null;
  }

  /** Drops the right rows that no left row after {@code time} will find. */
  private void forget(long time) throws Exception {
    SortedMap<Long, RowData> known = versions.value();
    if (known == null) return;
    SortedMap<Long, RowData> before = known.headMap(time + 1);
    if (before.isEmpty()) return;
    before.headMap(before.lastKey()).clear();
    if (toleranceMs >= 0) known.headMap(time - toleranceMs).clear();
    versions.update(known.isEmpty() ? null : known);
  }

  private void join(RowData left, RowData right, Collector<RowData> out) {
    if (right != null || keepsUnmatched) out.collect(columns.join(left, right, 0));
  }
}
