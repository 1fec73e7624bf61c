package headrace;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.table.data.RowData;

/** What a label join keeps of a key: one value for Flink, since each of its timers looks at nearly all of it. */
public final class LabelState {
  /** What has come, by the instant at which it takes effect. */
  public SortedMap<Long, List<RowData>> recordsDue = new TreeMap<>(), labelsDue = new TreeMap<>();
  /** Records that have taken effect, by their event time. */
  public SortedMap<Long, List<RowData>> undecided = new TreeMap<>(), decided = new TreeMap<>();
  /** The newest label that counts: its row, the last deadline at which it is one, whether it has decided anything. */
  public Tuple3<RowData, Long, Boolean> newest;
  /** Until when a label without a record is late, and no orphan. */
  public Long rememberedUntil;

  static TypeInformation<LabelState> type(TypeInformation<RowData> record, TypeInformation<RowData> label) {
    TypeInformation<?> records = RowsByTime.type(record), labels = RowsByTime.type(label);
    return Types.POJO(
        LabelState.class,
        Map.of(
            "recordsDue", records,
            "labelsDue", labels,
            "undecided", records,
            "decided", records,
            "newest", Types.TUPLE(label, Types.LONG, Types.BOOLEAN),
            "rememberedUntil", Types.LONG));
  }

  boolean isEmpty() {
    boolean waits = !recordsDue.isEmpty() || !labelsDue.isEmpty() || !undecided.isEmpty() || !decided.isEmpty();
    return !waits && newest == null && rememberedUntil == null;
  }

  /** Nothing of what was decided counts any more. */
  void forget() {
    rememberedUntil = null;
    newest = null;
  }
}
