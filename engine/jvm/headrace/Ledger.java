package headrace;

import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.accumulators.Accumulator;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;

/**
 * What became of the records and of the labels of a label join, in numbers that add up at any moment.
 *
 * <p>It is a Flink accumulator, so that it can be asked for while a job runs and after it has ended, and part of the state.
 */
public final class Ledger implements Accumulator<long[], String> {
  private static final long serialVersionUID = 1L;

  /** The lines of both ledgers; the first line of each is the sum of those after it. */
  enum Line {
    RECORDS,
    RECORDS_MATCHED,
    RECORDS_ABSENT,
    RECORDS_LATE,
    RECORDS_PENDING,
    LABELS,
    LABELS_MATCHED,
    LABELS_LATE,
    LABELS_ORPHAN,
    LABELS_DUPLICATE,
    LABELS_CORRECTED,
    LABELS_PENDING
  }

  private transient long[] working = new long[Line.values().length];
  /** What others see: replaced as a whole, since it is read while the task goes on. */
  private volatile long[] shown = working.clone();
  private transient ListState<long[]> state;

  void restore(OperatorStateStore store) throws Exception {
    state =
        store.getListState(
            new ListStateDescriptor<>("ledger", PrimitiveArrayTypeInfo.LONG_PRIMITIVE_ARRAY_TYPE_INFO));
    for (long[] part : state.get()) add(part);
  }

  void snapshot() throws Exception {
    state.update(List.of(working.clone()));
  }

  /** One more record has come, and waits. */
  void record() {
    change(Line.RECORDS, 1);
    change(Line.RECORDS_PENDING, 1);
  }

  /** One more label has come, and waits. */
  void label() {
    change(Line.LABELS, 1);
    change(Line.LABELS_PENDING, 1);
  }

  /** One of the pending records is settled. */
  void settleRecord(Line line) {
    change(line, 1);
    change(Line.RECORDS_PENDING, -1);
  }

  /** One of the pending labels is settled. */
  void settleLabel(Line line) {
    change(line, 1);
    change(Line.LABELS_PENDING, -1);
  }

  private void change(Line line, long by) {
    working[line.ordinal()] += by;
  }

  /** Makes what was changed visible. */
  void show() {
    shown = working.clone();
  }

  @Override
  public void add(long[] more) {
    for (int line = 0; line < working.length; line++) working[line] += more[line];
    show();
  }

  @Override
  public String getLocalValue() {
    return Arrays.toString(shown);
  }

  @Override
  public void resetLocal() {
    working = new long[Line.values().length];
    show();
  }

  @Override
  public void merge(Accumulator<long[], String> other) {
    add(((Ledger) other).shown);
  }

  @Override
  public Accumulator<long[], String> clone() {
    Ledger copy = new Ledger();
    copy.add(shown);
    return copy;
  }

  private Object readResolve() {
    return clone();
  }
}
