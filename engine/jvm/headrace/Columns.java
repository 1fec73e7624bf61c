package headrace;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/** What a joined row holds: fields of a left row and of a right one, each under a name of its own. */
public final class Columns implements Serializable {
  private static final long serialVersionUID = 1L;

  private final RowType left, right;
  private final List<RowType.RowField> fields = new ArrayList<>();
  private final List<RowData.FieldGetter> fromLeft = new ArrayList<>(), fromRight = new ArrayList<>();

  public Columns(LogicalType left, LogicalType right) {
    this.left = (RowType) left;
    this.right = (RowType) right;
  }

  /** Adds a field of the left row; those of the right row come after all of these. */
  public Columns left(int position, String name) {
    add(left.getTypeAt(position), position, name, fromLeft);
    return this;
  }

  /** Adds a field of the right row, null where there is none if it is optional. */
  public Columns right(int position, String name, boolean optional) {
    LogicalType type = right.getTypeAt(position);
    add(optional ? type.copy(true) : type, position, name, fromRight);
    return this;
  }

  private void add(LogicalType type, int position, String name, List<RowData.FieldGetter> getters) {
    fields.add(new RowType.RowField(name, type));
    getters.add(RowData.createFieldGetter(type, position));
  }

  /** The type of the joined rows, with columns of its own behind those of the two sides. */
  public InternalTypeInfo<RowData> type(List<RowType.RowField> more) {
    List<RowType.RowField> all = new ArrayList<>(fields);
    all.addAll(more);
    return InternalTypeInfo.of(new RowType(false, all));
  }

  public InternalTypeInfo<RowData> type() {
    return type(List.of());
  }

  InternalTypeInfo<RowData> leftType() {
    return InternalTypeInfo.of(left);
  }

  InternalTypeInfo<RowData> rightType() {
    return InternalTypeInfo.of(right);
  }

  /** A joined row, with room for as many columns of its own; the right row may be null. */
  GenericRowData join(RowData leftRow, RowData rightRow, int more) {
    GenericRowData joined = new GenericRowData(fields.size() + more);
    int at = 0;
    for (RowData.FieldGetter getter : fromLeft) joined.setField(at++, getter.getFieldOrNull(leftRow));
    for (RowData.FieldGetter getter : fromRight) {
      joined.setField(at++, rightRow == null ? null : getter.getFieldOrNull(rightRow));
    }
    return joined;
  }
}
