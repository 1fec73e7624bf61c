package headrace;

import java.io.IOException;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.avro.shaded.org.apache.avro.AvroRuntimeException;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.Collector;

/**
 * Blocks of a table to rows with the places that they came from. A null value under a key deletes: it becomes a row of that
 * kind which has nothing but its place. What the source has refused leaves by the side, as it does of a stream.
 */
public final class BlocksToTable extends ProcessFunction<byte[], RowData> implements CheckpointedFunction {
  private static final long serialVersionUID = 1L;

  private final Contract contract;
  private final Budget budget;
  private transient RowReader reader;
  private transient int fields;

  /** @param budget of what may be refused */
  public BlocksToTable(Contract contract, Budget budget) {
    this.contract = contract;
    this.budget = budget;
  }

  /** The type of the rows that records of a schema become in a table. */
  public static InternalTypeInfo<RowData> type(String schema) {
    return InternalTypeInfo.of(Place.behind(RowReader.type(schema)));
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    budget.initialize(context);
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    budget.snapshot();
  }

  @Override
  public void open(OpenContext context) {
    reader = new RowReader(contract);
    fields = RowReader.type(contract.readerSchema).getFieldCount();
  }

  @Override
  public void processElement(byte[] block, Context context, Collector<RowData> out) throws IOException {
    boolean deletes = Block.status(block) == Status.NULL_VALUE && Block.getInt(block, Block.KEY_SIZE) >= 0;
    if (Block.status(block) != Status.OK && !deletes) {
      BlocksToRows.refuse(block, context, budget);
      return;
    }
    GenericRowData row = new GenericRowData(deletes ? RowKind.DELETE : RowKind.INSERT, fields + Place.FIELDS);
    try {
      if (!deletes) copy(reader.read(block), row);
    } catch (AvroRuntimeException unreadable) {
      BlocksToRows.refuse(BlocksToRows.unreadable(block), context, budget);
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
