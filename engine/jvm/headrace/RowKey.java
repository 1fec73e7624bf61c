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
  private transient RowDataSerializer serializer;

  public RowKey(LogicalType rows, int[] positions) {
    LogicalType[] types = new LogicalType[positions.length];
    getters = new RowData.FieldGetter[positions.length];
    for (int i = 0; i < positions.length; i++) {
      types[i] = ((RowType) rows).getTypeAt(positions[i]).copy(true);
      getters[i] = RowData.createFieldGetter(types[i], positions[i]);
    }
    type = RowType.of(types);
  }

  public InternalTypeInfo<RowData> type() {
    return InternalTypeInfo.of(type);
  }

  @Override
  public RowData getKey(RowData row) {
    if (serializer == null) serializer = new RowDataSerializer(type);
    GenericRowData key = new GenericRowData(getters.length);
    for (int i = 0; i < getters.length; i++) key.setField(i, getters[i].getFieldOrNull(row));
    return serializer.toBinaryRow(key).copy();
  }

  /** Whether the key has a null, which is equal to nothing. */
  static boolean hasNull(RowData key) {
    return ((BinaryRowData) key).anyNull();
  }
}
