package headrace;

import java.io.Serializable;
import java.util.Objects;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/** What its author asks of a label join, and where in the rows of its sides the fields are that this is about. */
public final class LabelRules implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int PRECISION = 3;

  final long withinMs;
  final boolean lastWins, relearns;
  final Object absent;
  private final int recordTime, labelTime;
  private final RowData.FieldGetter label;

  /**
   * @param positions of the record's event time, the label's event time, and the label
   * @param absent the label of records for which none came, null to leave them out
   */
  public LabelRules(
      LogicalType labels, int[] positions, long withinMs, Object absent, boolean lastWins, boolean relearns) {
    LogicalType type = ((RowType) labels).getTypeAt(positions[2]);
    recordTime = positions[0];
    labelTime = positions[1];
    label = RowData.createFieldGetter(type, positions[2]);
    this.withinMs = withinMs;
    this.absent = inside(absent, type);
    this.lastWins = lastWins;
    this.relearns = relearns;
  }

  long timeOfRecord(RowData row) {
    return row.getTimestamp(recordTime, PRECISION).getMillisecond();
  }

  long timeOfLabel(RowData row) {
    return row.getTimestamp(labelTime, PRECISION).getMillisecond();
  }

  boolean saySame(RowData one, RowData other) {
    return Objects.equals(label.getFieldOrNull(one), label.getFieldOrNull(other));
  }

  /** A value as rows of the type hold it. */
  private static Object inside(Object value, LogicalType type) {
    if (value == null) return null;
    return switch (type.getTypeRoot()) {
      case VARCHAR, CHAR -> StringData.fromString((String) value);
      case INTEGER -> ((Number) value).intValue();
      case BIGINT -> ((Number) value).longValue();
      case FLOAT -> ((Number) value).floatValue();
      case DOUBLE -> ((Number) value).doubleValue();
      default -> value;
    };
  }
}
