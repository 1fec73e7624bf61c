package headrace;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.runtime.state.FunctionInitializationContext;

/**
 * How many records of a stream that connectors read may be refused: of more, going on would only fill the dead letters. What
 * pipelines refuse is counted by engine/worker/budget.py.
 *
 * <p>Each task counts what it reads itself, and goes on after a restart with what it has counted. What was sent again does
 * not count: it has counted once.
 */
public final class Budget implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String stream;
  private final double share;
  private final int window;
  private final int least;
  private final int allFailedAfter;
  private transient byte[] latest;
  private transient int[] counts;
  private transient long records;
  private transient ListState<byte[]> state;

  /**
   * @param stream how to call the stream
   * @param share of the last {@code window} records that may be refused, once there are {@code least}
   * @param allFailedAfter so many records may be refused if these are all there are
   */
  public Budget(String stream, double share, int window, int least, int allFailedAfter) {
    this.stream = stream;
    this.share = share;
    this.window = window;
    this.least = least;
    this.allFailedAfter = allFailedAfter;
  }

  /** Has counted nothing yet, or what was counted before a restart. */
  void initialize(FunctionInitializationContext context) throws Exception {
    latest = new byte[window];
    counts = new int[Status.values().length];
    records = 0;
    state = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("budget", byte[].class));
    for (byte[] counted : state.get()) for (byte code : counted) add(code);
  }

  /** Keeps the last records of the window, in their order. */
  void snapshot() throws Exception {
    int seen = (int) Math.min(records, window), begin = records > window ? (int) (records % window) : 0;
    byte[] counted = new byte[seen];
    for (int i = 0; i < seen; i++) counted[i] = latest[(begin + i) % window];
    state.update(List.of(counted));
  }

  /** Counts a record and what became of it. Fails the job for good if too many of the last ones were refused. */
  void count(byte[] block, Status status) {
    if (Block.isRedriven(block)) return;
    add(status.code());
    if (status == Status.OK) return;
    long seen = Math.min(records, window), dead = seen - counts[Status.OK.code()];
    if (dead == records && records >= allFailedAfter) {
      throw JobFailed.forGood(stream + ": the first " + records + " records were all refused: " + reasons());
    }
    if (seen < least || dead <= share * seen) return;
    String allowed = String.format(Locale.ROOT, "%.2f%%", share * 100);
    throw JobFailed.forGood(
        stream + ": " + dead + " of the last " + seen + " records are dead letters, more than max_dead " + allowed + ": "
            + reasons() + "\nhint: mend the cause, or allow more with max_dead");
  }

  private void add(byte code) {
    int at = (int) (records % window);
    if (records >= window) counts[latest[at]]--;
    latest[at] = code;
    counts[code]++;
    records++;
  }

  /** Why records were refused, and how many, the commonest reason first. */
  private String reasons() {
    return Arrays.stream(Status.values())
        .filter(status -> status != Status.OK && counts[status.code()] > 0)
        .sorted(Comparator.comparingInt(status -> -counts[status.code()]))
        .map(status -> status.name().toLowerCase(Locale.ROOT) + " " + counts[status.code()])
        .collect(Collectors.joining(", "));
  }
}
