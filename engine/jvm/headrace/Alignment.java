package headrace;

import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.connector.source.SourceEvent;

/**
 * The readers of a job's topics, in the JobManager: none of them reads far ahead of the one that has come least far in event
 * time. What is ahead waits in the state of joins, which so stays small however far the topics reach.
 *
 * <p>This holds for records that were there at submission, and in records of the reader that is ahead, not in time: a topic
 * with few of them is no burden. A reader that says nothing for a minute, since nothing is taken from it, is not waited for.
 */
final class Alignment {
  static final long FAR = 20_000;
  private static final long FORGOTTEN_NANOS = 60_000_000_000L;
  /** By job, as long as one of its enumerators has it; they all have one class loader. */
  private static final Map<String, WeakReference<Alignment>> OF_JOBS = new HashMap<>();

  private final Map<Id, Reader> readers = new HashMap<>();

  static synchronized Alignment of(String job) {
    OF_JOBS.values().removeIf(reference -> reference.refersTo(null));
    WeakReference<Alignment> known = OF_JOBS.get(job);
    Alignment alignment = known == null ? null : known.get();
    if (alignment == null) OF_JOBS.put(job, new WeakReference<>(alignment = new Alignment()));
    return alignment;
  }

  /** Whether a reader that has come so far is to wait until it asks again. */
  synchronized boolean isAhead(Id id, Reached reached, long nowNanos) {
    Reader reader = readers.computeIfAbsent(id, ignored -> new Reader());
    reader.eventTime = reached.eventTime;
    reader.heardNanos = nowNanos;
    if (reached.eventTime <= leastFar(nowNanos)) reader.countAtLeastFar = reached.count;
    return reached.count - reader.countAtLeastFar > FAR;
  }

  /** Waits for a reader no longer: it has read what was there, or begins anew. */
  synchronized void forget(Id id) {
    readers.remove(id);
  }

  /** Waits for none of an enumerator's readers any longer. */
  synchronized void forgetAll(Object enumerator) {
    readers.keySet().removeIf(id -> id.enumerator == enumerator);
  }

  private long leastFar(long nowNanos) {
    long least = Long.MAX_VALUE;
    for (Reader reader : readers.values()) {
      if (nowNanos - reader.heardNanos < FORGOTTEN_NANOS) least = Math.min(least, reader.eventTime);
    }
    return least;
  }

  record Id(Object enumerator, int subtask) {}

  private static final class Reader {
    long eventTime, heardNanos;
    /** How many records it had read when no other had come less far. */
    long countAtLeastFar;
  }

  /** What a reader says now and then: how far all of its partitions have come, and how many records it has read. */
  record Reached(long eventTime, long count) implements SourceEvent {}

  /** What a reader says last: it has read all that was there at submission. */
  record CaughtUp() implements SourceEvent {}

  /** The answer to {@link Reached}. */
  record Answer(boolean isAhead) implements SourceEvent {}
}
