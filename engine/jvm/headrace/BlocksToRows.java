package headrace;

import java.io.IOException;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.avro.shaded.org.apache.avro.AvroRuntimeException;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/** Blocks to rows, for the relational part; what the source or the gate has refused leaves by the side. */
public final class BlocksToRows extends ReadingBlocks {
  private static final long serialVersionUID = 1L;

  public static final OutputTag<byte[]> REFUSED =
      new OutputTag<>("refused", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);

  /** @param budget of what may be refused */
  public BlocksToRows(Contract contract, Budget budget) {
    super(contract, budget);
  }

  /** The type of the rows that records of a schema become. */
  public static InternalTypeInfo<RowData> type(String schema) {
    return InternalTypeInfo.of(RowReader.type(schema));
  }

  @Override
  public void processElement(byte[] block, Context context, Collector<RowData> out) throws IOException {
    if (Block.status(block) != Status.OK) {
      refuse(block, context);
      return;
    }
    RowData row;
    try {
      row = reader.read(block);
    } catch (AvroRuntimeException unreadable) {
      refuseUnreadable(block, context);
      return;
    }
    budget.count(block, Status.OK);
    out.collect(row);
  }
}
