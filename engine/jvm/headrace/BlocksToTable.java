package headrace;

import java.io.IOException;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.avro.shaded.org.apache.avro.AvroRuntimeException;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.Collector;

/**
 * Blocks of a table to rows with the places that they came from. A null value under a key deletes: it becomes a row of that
 * kind which has nothing but its place. What the source has refused leaves by the side, as it does of a stream.
 */
public final class BlocksToTable extends ReadingBlocks {
  private static final long serialVersionUID = 1L;

  private transient int fields;

  /** @param budget of what may be refused */
  public BlocksToTable(Contract contract, Budget budget) {
    super(contract, budget);
  }

  /** The type of the rows that records of a schema become in a table. */
  public static InternalTypeInfo<RowData> type(String schema) {
    return InternalTypeInfo.of(Place.behind(RowReader.type(schema)));
  }

  @Override
  public void open(OpenContext context) {
    super.open(context);
    fields = RowReader.type(contract.readerSchema).getFieldCount();
  }

  @Override
  public void processElement(byte[] block, Context context, Collector<RowData> out) throws IOException {
    boolean deletes = Block.status(block) == Status.NULL_VALUE && Block.getInt(block, Block.KEY_SIZE) >= 0;
    if (Block.status(block) != Status.OK && !deletes) {
      refuse(block, context);
      return;
    }
    GenericRowData row = new GenericRowData(deletes ? RowKind.DELETE : RowKind.INSERT, fields + Place.FIELDS);
    try {
      if (!deletes) copy(reader.read(block), row);
    } catch (AvroRuntimeException unreadable) {
      refuseUnreadable(block, context);
      return;
    }
    budget.count(block, Status.OK);
    Place.put(block, row);
    out.collect(row);
  }

  private static void copy(GenericRowData from, GenericRowData to) {
    for (int i = 0; i < from.getArity(); i++) to.setField(i, from.getField(i));
  }
}
