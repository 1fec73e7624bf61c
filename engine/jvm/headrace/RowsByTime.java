package headrace;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.ListTypeInfo;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.SortedMapTypeInfo;

/** The rows of a key by an instant each has, as state; for keys that have a few rows at a time. */
final class RowsByTime {
  private final ValueState<SortedMap<Long, List<RowData>>> state;

  RowsByTime(RuntimeContext context, String name, TypeInformation<RowData> rows) {
    var type = new SortedMapTypeInfo<>(Types.LONG, new ListTypeInfo<>(rows), Comparator.naturalOrder());
    state = context.getState(new ValueStateDescriptor<>(name, type));
  }

  void add(long time, RowData row) throws Exception {
    SortedMap<Long, List<RowData>> rows = state.value();
    if (rows == null) rows = new TreeMap<>();
    rows.computeIfAbsent(time, ignored -> new ArrayList<>()).add(row);
    state.update(rows);
  }

  /** The rows from one instant to another, both included, the earliest first. */
  List<RowData> between(long from, long to) throws Exception {
    return listed(span(from, to));
  }

  /** The same, and they are no longer here. */
  List<RowData> take(long from, long to) throws Exception {
    SortedMap<Long, List<RowData>> span = span(from, to);
    List<RowData> taken = listed(span);
    if (taken.isEmpty()) return taken;
    span.clear();
    SortedMap<Long, List<RowData>> rows = state.value();
    state.update(rows.isEmpty() ? null : rows);
    return taken;
  }

  private SortedMap<Long, List<RowData>> span(long from, long to) throws Exception {
    SortedMap<Long, List<RowData>> rows = state.value();
    return rows == null ? new TreeMap<>() : rows.subMap(from, to + 1);
  }

  private static List<RowData> listed(SortedMap<Long, List<RowData>> rows) {
    List<RowData> listed = new ArrayList<>();
    rows.values().forEach(listed::addAll);
    return listed;
  }
}
