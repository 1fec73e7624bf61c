package headrace;

import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.Collector;

/** A black hole that tells how many rows it has taken, and when: the one after which it is looked, and the last. */
public final class Stamps extends ProcessFunction<RowData, byte[]> {
  private static final long serialVersionUID = 1L;

  private final long after;
  private transient long taken, beganMs, endedMs;

  /** @param after the row whose time is told besides that of the last */
  public Stamps(long after) {
    this.after = after;
  }

  @Override
  public void open(OpenContext context) {
    taken = 0;
  }

  @Override
  public void processElement(RowData row, Context context, Collector<byte[]> out) {
    endedMs = System.currentTimeMillis();
    if (++taken == after) beganMs = endedMs;
  }

  @Override
  public void close() {
    tell("taken", taken);
    tell("began", beganMs);
    tell("ended", endedMs);
  }

  private void tell(String name, long value) {
    LongCounter counter = new LongCounter(value);
    getRuntimeContext().addAccumulator(name, counter);
  }
}
