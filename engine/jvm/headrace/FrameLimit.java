package headrace;

import java.util.function.LongSupplier;

/**
 * How many records a frame of one shard may hold.
 *
 * <p>A large frame costs less a record, but whatever waits behind it, a checkpoint for one, waits for all of it. So a frame
 * holds about as many records of its shard as have lately gone through in a quarter of a second, within bounds. Of many
 * shards it is a longer time, as a frame of each goes through in it, and a frame has its price, however small it is. The
 * pace is that of one frame from its first record on: no time without input.
 */
final class FrameLimit {
  /** How long a frame of one of many shards may take. */
  static final long SHARD_MS = 60;

  private static final long LEAST_MS = 250;
  private static final int LEAST = 100, FIRST = 1_000;

  private final int most;
  private final long frameNanos;
  private final LongSupplier nanoTime;
  private int records;
  private long begunAt;

  FrameLimit(int most, int shards, LongSupplier nanoTime) {
    this.most = most;
    frameNanos = Math.max(LEAST_MS, shards * SHARD_MS) * 1_000_000;
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
    records = Math.max(Math.min(LEAST, most), (int) Math.min(most, pace * frameNanos));
  }
}
