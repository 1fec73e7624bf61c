package headrace;

import java.util.function.LongSupplier;

/**
 * How many records a frame of one shard may hold.
 *
 * <p>A large frame costs less a record, but whatever waits behind it, a checkpoint for one, waits for all of it. So a frame
 * holds about as many records of its shard as have lately gone through in a quarter of a second, within bounds. The pace is
 * that of one frame from its first record on: no other shard's frames, and no time without input.
 */
final class FrameLimit {
  private static final long FRAME_NANOS = 250_000_000L;
  private static final int LEAST = 100, FIRST = 1_000;

  private final int most;
  private final LongSupplier nanoTime;
  private int records;
  private long begunAt;

  FrameLimit(int most, LongSupplier nanoTime) {
    this.most = most;
    this.nanoTime = nanoTime;
    records = Math.min(most, FIRST);
  }

  boolean isReachedBy(int count) {
    return count >= records;
  }

  /** Takes note that the first record of a frame is there. */
  void begin() {
    begunAt = nanoTime.getAsLong();
  }

  /** Takes note that a frame of that many records was handed on, which takes long where those behind are slow. */
  void flushed(int count) {
    if (!isReachedBy(count)) return;
    double pace = count / (double) Math.max(1, nanoTime.getAsLong() - begunAt);
    records = Math.max(Math.min(LEAST, most), (int) Math.min(most, pace * FRAME_NANOS));
  }
}
