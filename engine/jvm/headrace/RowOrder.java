package headrace;

import java.util.Arrays;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.data.binary.BinarySegmentUtils;

/** An order of binary rows that depends on nothing but what they hold. */
final class RowOrder {
  private RowOrder() {}

  static int compare(RowData one, RowData other) {
    return Arrays.compareUnsigned(bytes(one), bytes(other));
  }

  static RowData greater(RowData one, RowData other) {
    return compare(one, other) < 0 ? other : one;
  }

  private static byte[] bytes(RowData row) {
    BinaryRowData binary = (BinaryRowData) row;
    return BinarySegmentUtils.copyToBytes(binary.getSegments(), binary.getOffset(), binary.getSizeInBytes());
  }
}
