package headrace;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.ListTypeInfo;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.SortedMapTypeInfo;

/** Rows by an instant each has, as a part of a state, which takes all of them for one value. */
final class RowsByTime {
  private RowsByTime() {}

  static TypeInformation<SortedMap<Long, List<RowData>>> type(TypeInformation<RowData> row) {
    return new SortedMapTypeInfo<>(Types.LONG, new ListTypeInfo<>(row), Comparator.naturalOrder());
  }

  static void add(SortedMap<Long, List<RowData>> rows, long time, RowData row) {
    rows.computeIfAbsent(time, ignored -> new ArrayList<>()).add(row);
  }

  /** The rows from one instant to another, both included, the earliest first. */
  static List<RowData> between(SortedMap<Long, List<RowData>> rows, long from, long to) {
    if (rows.isEmpty()) return Collections.emptyList();
    List<RowData> listed = new ArrayList<>();
    rows.subMap(from, to + 1).values().forEach(listed::addAll);
    return listed;
  }

  /** The same, and they are no longer there. */
  static List<RowData> take(SortedMap<Long, List<RowData>> rows, long from, long to) {
    List<RowData> taken = between(rows, from, to);
    if (!taken.isEmpty()) rows.subMap(from, to + 1).clear();
    return taken;
  }
}
