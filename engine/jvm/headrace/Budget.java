package headrace;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How many records of a stream that connectors read may be refused: of more, going on would only fill the dead letters. What
 * pipelines refuse is counted by engine/worker/budget.py.
 *
 * <p>It counts what a task has read since it was started. What was sent again does not count: it has counted once.
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

  void open() {
    latest = new byte[window];
    counts = new int[Status.values().length];
  }

  /** Counts a record and what became of it. Fails the job for good if too many of the last ones were refused. */
  void count(byte[] block, Status status) {
    if (Block.isRedriven(block)) return;
    int at = (int) (records % window);
    if (records >= window) counts[latest[at]]--;
    latest[at] = status.code();
    counts[status.code()]++;
    records++;
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

  /** Why records were refused, and how many, the commonest reason first. */
  private String reasons() {
    return Arrays.stream(Status.values())
        .filter(status -> status != Status.OK && counts[status.code()] > 0)
        .sorted(Comparator.comparingInt(status -> -counts[status.code()]))
        .map(status -> status.name().toLowerCase(Locale.ROOT) + " " + counts[status.code()])
        .collect(Collectors.joining(", "));
  }
}
