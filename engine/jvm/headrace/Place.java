package headrace;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarBinaryType;

/** Where a row of a table came from: its key in Kafka, its timestamp there, partition and offset, behind its own fields. */
final class Place {
  static final int FIELDS = 4;
  private static final int KEY = 4, TIME = 3, PARTITION = 2, OFFSET = 1; // from the end of a row

  private Place() {}

  /** The type of rows with their places, whose fields have names that no author can give; what deletes has only those. */
  static RowType behind(RowType rows) {
    List<RowType.RowField> fields = new ArrayList<>();
    for (RowType.RowField field : rows.getFields()) {
      fields.add(new RowType.RowField(field.getName(), field.getType().copy(true)));
    }
    fields.add(new RowType.RowField("key!", new VarBinaryType(VarBinaryType.MAX_LENGTH)));
    fields.add(new RowType.RowField("time!", new BigIntType(false)));
    fields.add(new RowType.RowField("partition!", new IntType(false)));
    fields.add(new RowType.RowField("offset!", new BigIntType(false)));
    return new RowType(false, fields);
  }

  static void put(byte[] block, GenericRowData row) {
    int size = Block.getInt(block, Block.KEY_SIZE), end = row.getArity();
    row.setField(end - KEY, size < 0 ? null : Arrays.copyOfRange(block, Block.ENTRY, Block.ENTRY + size));
    row.setField(end - TIME, Block.getLong(block, Block.ARRIVAL));
    row.setField(end - PARTITION, Block.getInt(block, Block.PARTITION));
    row.setField(end - OFFSET, Block.getLong(block, Block.OFFSET));
  }

  /** The position of the key in rows of so many fields. */
  static int key(int fields) {
    return fields - KEY;
  }

  static boolean isSame(RowData one, RowData other) {
    return partition(one) == partition(other) && offset(one) == offset(other);
  }

  /** Whether a row was written after another: behind it in its partition, or later in another one. */
  static boolean isAfter(RowData one, RowData other) {
    if (partition(one) == partition(other)) return offset(one) > offset(other);
    return time(one) == time(other) ? partition(one) > partition(other) : time(one) > time(other);
  }

  private static long time(RowData row) {
    return row.getLong(row.getArity() - TIME);
  }

  private static int partition(RowData row) {
    return row.getInt(row.getArity() - PARTITION);
  }

  private static long offset(RowData row) {
    return row.getLong(row.getArity() - OFFSET);
  }
}
