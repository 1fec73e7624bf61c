package headrace;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.table.data.RowData;

/** Makes rows of blocks, for the relational part, within a budget of what may be refused; that leaves by the side. */
abstract class ReadingBlocks extends ProcessFunction<byte[], RowData> implements CheckpointedFunction {
  private static final long serialVersionUID = 1L;

  final Contract contract;
  final Budget budget;
  transient RowReader reader;

  ReadingBlocks(Contract contract, Budget budget) {
    this.contract = contract;
    this.budget = budget;
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

  final void refuse(byte[] block, Context context) {
    context.output(BlocksToRows.REFUSED, block);
    budget.count(block, Block.status(block));
  }

  final void refuseUnreadable(byte[] block, Context context) {
    byte[] refused = block.clone(); // others may read the stream, too
    refused[Block.STATUS] = Status.WRONG_TYPE.code();
    refuse(refused, context);
  }
}
