package headrace;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.streaming.api.operators.TimestampedCollector;
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
  private static final long NEVER = Long.MAX_VALUE;

  private final Columns columns;
  private final long toleranceMs;
  private final boolean waits;
  private final boolean keepsUnmatched;
  private transient ValueState<SortedMap<Long, List<RowData>>> waiting;
  private transient ValueState<SortedMap<Long, RowData>> versions;
  private transient ValueState<Long> due;
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
    var rowsByTime = RowsByTime.type(columns.leftType());
    waiting = getRuntimeContext().getState(new ValueStateDescriptor<>("waiting", rowsByTime));
    var byTime = new SortedMapTypeInfo<>(Types.LONG, columns.rightType(), Comparator.naturalOrder());
    versions = getRuntimeContext().getState(new ValueStateDescriptor<>("versions", byTime));
    due = getRuntimeContext().getState(new ValueStateDescriptor<>("due", Types.LONG));
  }

  @Override
  public void processElement1(RowData row, Context context, Collector<RowData> out) throws Exception {
    long time = context.timestamp();
    if (RowKey.hasNull(context.getCurrentKey())) {
      join(row, null, out);
    } else if (waits && time > context.timerService().currentWatermark()) {
      SortedMap<Long, List<RowData>> there = waiting.value();
      if (there == null) there = new TreeMap<>();
      RowsByTime.add(there, time, leftRows.toBinaryRow(row).copy());
      waiting.update(there);
      remind(time, context);
    } else {
      join(row, version(time, versions.value()), out);
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
    remind(time, context);
  }

  /** All that is due at the watermark, however many timers that would be: a timer costs more than the join. */
  @Override
  public void onTimer(long time, OnTimerContext context, Collector<RowData> out) throws Exception {
    long now = Math.min(context.timerService().currentWatermark(), NEVER - 1);
    SortedMap<Long, RowData> known = versions.value();
    long next = Math.min(release(now, known, out), forget(now, known));
    due.clear();
    if (next != NEVER) remind(next, context);
  }

  /** Joins the left rows up to {@code now}, in their order; says when the next of those that wait on is due. */
  private long release(long now, SortedMap<Long, RowData> known, Collector<RowData> out) throws Exception {
    SortedMap<Long, List<RowData>> there = waiting.value();
    if (there == null) return NEVER;
    SortedMap<Long, List<RowData>> released = there.headMap(now + 1);
    for (Map.Entry<Long, List<RowData>> entry : released.entrySet()) {
      // a row would have the time of the timer otherwise
      ((TimestampedCollector<RowData>) out).setAbsoluteTimestamp(entry.getKey());
      RowData version = version(entry.getKey(), known);
      for (RowData row : entry.getValue()) join(row, version, out);
    }
    released.clear();
    waiting.update(there.isEmpty() ? null : there);
    return there.isEmpty() ? NEVER : there.firstKey();
  }

  /** Has a timer of the current key call at {@code time}, unless one does before. */
  private void remind(long time, Context context) throws Exception {
    Long earliest = due.value();
    if (earliest != null && earliest <= time) return;
    due.update(time);
    context.timerService().registerEventTimeTimer(time);
  }

  /** The newest right row that is neither after {@code time} nor older than the tolerance. */
  private RowData version(long time, SortedMap<Long, RowData> known) {
    if (known == null) return null;
    SortedMap<Long, RowData> before = known.headMap(time + 1);
    if (before.isEmpty()) return null;
    long newest = before.lastKey();
    return toleranceMs < 0 || time - newest <= toleranceMs ? before.get(newest) : null;
  }

  /** Drops the right rows that no left row after {@code now} will find; says when there may be more of them. */
  private long forget(long now, SortedMap<Long, RowData> known) throws Exception {
    if (known == null) return NEVER;
    int count = known.size();
    SortedMap<Long, RowData> before = known.headMap(now + 1);
    if (!before.isEmpty()) before.headMap(before.lastKey()).clear();
    if (toleranceMs >= 0) known.headMap(now - toleranceMs).clear();
    if (known.size() < count) versions.update(known.isEmpty() ? null : known);
    SortedMap<Long, RowData> later = known.tailMap(now + 1);
    long next = later.isEmpty() ? NEVER : later.firstKey();
    return toleranceMs < 0 || known.isEmpty() ? next : Math.min(next, known.firstKey() + toleranceMs + 1);
  }

  private void join(RowData left, RowData right, Collector<RowData> out) {
    if (right != null || keepsUnmatched) out.collect(columns.join(left, right, 0));
  }
}
