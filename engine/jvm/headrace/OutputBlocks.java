package headrace;

import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** Unpacked records of Python to blocks with their event time, for connectors; they are of no partition. */
public final class OutputBlocks extends AbstractStreamOperator<byte[]> implements OneInputStreamOperator<byte[], byte[]> {
  private static final long serialVersionUID = 1L;

  private final short source;

  public OutputBlocks(Contract contract) {
    this.source = contract.source;
  }

  @Override
  public void processElement(StreamRecord<byte[]> element) {
    byte[] record = element.getValue();
    int size = Block.size(record, Unpacker.VALUE_SIZE);
    long eventTime = Block.getLong(record, Unpacker.TIMESTAMP);
    byte[] block = new byte[Block.ENTRY + size];
    Block.putLong(block, Block.EVENT_TIME, eventTime);
    Block.putLong(block, Block.ARRIVAL, getProcessingTimeService().getCurrentProcessingTime());
    Block.putInt(block, Block.PARTITION, RowsToBlocks.NO_PARTITION);
    Block.putInt(block, Block.KEY_SIZE, -1);
    Block.putInt(block, Block.VALUE_SIZE, size);
    Block.putShort(block, Block.SOURCE, source);
    System.arraycopy(record, record.length - size, block, Block.ENTRY, size);
    output.collect(new StreamRecord<>(block, eventTime));
  }
}
