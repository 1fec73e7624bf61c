package headrace;

import java.io.IOException;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.avro.shaded.org.apache.avro.AvroRuntimeException;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/** Blocks to rows, for the relational part; what the source or the gate has refused leaves by the side. */
public final class BlocksToRows extends ProcessFunction<byte[], RowData> implements CheckpointedFunction {
  private static final long serialVersionUID = 1L;

  public static final OutputTag<byte[]> REFUSED =
      new OutputTag<>("refused", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);

  private final Contract contract;
  private final Budget budget;
  private transient RowReader reader;

  /** @param budget of what may be refused */
  public BlocksToRows(Contract contract, Budget budget) {
    this.contract = contract;
    this.budget = budget;
  }

  /** The type of the rows that records of a schema become. */
  public static InternalTypeInfo<RowData> type(String schema) {
    return InternalTypeInfo.of(RowReader.type(schema));
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
  }

  @Override
  public void processElement(byte[] block, Context context, Collector<RowData> out) throws IOException {
    if (Block.status(block) != Status.OK) {
      refuse(block, context, budget);
      return;
    }
    RowData row;
    try {
      row = reader.read(block);
    } catch (AvroRuntimeException unreadable) {
      refuse(unreadable(block), context, budget);
      return;
    }
    budget.count(block, Status.OK);
    out.collect(row);
  }

  static void refuse(byte[] block, ProcessFunction<byte[], RowData>.Context context, Budget budget) {
    context.output(REFUSED, block);
    budget.count(block, Block.status(block));
  }

  static byte[] unreadable(byte[] block) {
    byte[] refused = block.clone(); // others may read the stream, too
    refused[Block.STATUS] = Status.WRONG_TYPE.code();
    return refused;
  }
}
