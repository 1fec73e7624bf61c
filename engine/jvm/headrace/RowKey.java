package headrace;

import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/** The fields of a row that a join goes by, as a row of their own. */
public final class RowKey implements KeySelector<RowData, RowData> {
  private static final long serialVersionUID = 1L;

  private final RowType type;
  private final RowData.FieldGetter[] getters;
  private final boolean firstAlone;
  private transient RowDataSerializer serializer;

  public RowKey(LogicalType rows, int[] positions) {
    this(rows, positions, false);
  }

  private RowKey(LogicalType rows, int[] positions, boolean firstAlone) {
    this.firstAlone = firstAlone;
    LogicalType[] types = new LogicalType[positions.length];
    getters = new RowData.FieldGetter[positions.length];
    for (int i = 0; i < positions.length; i++) {
      types[i] = ((RowType) rows).getTypeAt(positions[i]).copy(true);
      getters[i] = RowData.createFieldGetter(types[i], positions[i]);
    }
    type = RowType.of(types);
  }

  /** What a row of a table is replaced by: its key in Kafka, or without one the fields that a lookup goes by. */
  public static RowKey ofTable(LogicalType rows, int[] positions) {
    int[] all = new int[positions.length + 1];
    all[0] = Place.key(((RowType) rows).getFieldCount());
    System.arraycopy(positions, 0, all, 1, positions.length);
    return new RowKey(rows, all, true);
  }

  public InternalTypeInfo<RowData> type() {
    return InternalTypeInfo.of(type);
  }

  @Override
  public RowData getKey(RowData row) {
    if (serializer == null) serializer = new RowDataSerializer(type);
    GenericRowData key = new GenericRowData(getters.length);
    for (int i = 0; i < getters.length; i++) {
      if (i == 1 && firstAlone && !key.isNullAt(0)) break;
      key.setField(i, getters[i].getFieldOrNull(row));
    }
    return serializer.toBinaryRow(key).copy();
  }

  /** Whether the key has a null, which is equal to nothing. */
  static boolean hasNull(RowData key) {
    return ((BinaryRowData) key).anyNull();
  }
}
