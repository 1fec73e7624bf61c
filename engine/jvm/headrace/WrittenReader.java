package headrace;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;

/** Reads a table that was written down, and waits at the end of each of its chunks. */
final class WrittenReader implements SourceReader<byte[], KafkaPartitionSplit> {
  private static final Executor SOON = CompletableFuture.delayedExecutor(5, TimeUnit.MILLISECONDS);
  private static final long NONE = Long.MAX_VALUE;

  private final Written written;
  private final Turns turns;
  private final int life;
  private final Map<TopicPartition, Long> next = new HashMap<>();
  private boolean isAssigned;
  private boolean isAwake;
  private int position;
  private int chunk;
  /** The watermarks that were made when all tables had come to the end of this chunk, and the checkpoint after the next. */
  private long ticks = NONE, checkpoint = NONE;

  WrittenReader(Written written) {
    this.written = written;
    this.turns = written.run == null ? Turns.alone() : Turns.of(written.run);
    this.life = turns.life();
    this.chunk = turns.chunk();
  }

  @Override
  public void start() {
    written.blocks.open(null);
  }

  @Override
  public void addSplits(List<KafkaPartitionSplit> splits) {
    for (KafkaPartitionSplit split : splits) {
      next.put(split.getTopicPartition(), split.getStartingOffset());
      position += (int) split.getStartingOffset();
    }
  }

  @Override
  public void notifyNoMoreSplits() {
    isAssigned = true;
  }

  @Override
  public InputStatus pollNext(ReaderOutput<byte[]> output) throws Exception {
    if (!isAssigned) return InputStatus.NOTHING_AVAILABLE;
    if (!isAwake) wake();
    if (position < written.end(chunk)) {
      read(output);
      return InputStatus.MORE_AVAILABLE;
    }
    turns.waits(life, written.table, chunk);
    if (turns.chunk() > chunk) {
      if (written.isLast(chunk)) return InputStatus.END_OF_INPUT;
      goOn();
      return InputStatus.MORE_AVAILABLE;
    }
    if (!turns.allWait()) return InputStatus.NOTHING_AVAILABLE;
    if (ticks == NONE) ticks = written.progress.ticks();
    if (isTold() && turns.crashes(written.table)) throw new IllegalStateException("a crash, as the table says");
    // the end of one table must not get to a join before the records of another that was idle
    return written.hasOneChunk() ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
  }

  /** What was idle before a crash is idle after it, too, until it has something to give. */
  private void wake() {
    isAwake = true;
    if (written.isIdleBefore(chunk)) written.progress.timePasses();
  }

  private void read(ReaderOutput<byte[]> output) throws Exception {
    ConsumerRecord<byte[], byte[]> record = written.at(position++);
    KafkaPartitionSplit split = new KafkaPartitionSplit(new TopicPartition(record.topic(), record.partition()), 0);
    next.put(split.getTopicPartition(), record.offset() + 1);
    output.createOutputForSplit(split.splitId()).collect(written.blocks.block(record));
  }

  /** All that follows from this chunk is in a checkpoint: the next one. */
  private void goOn() {
    switch (written.then(chunk)) {
      case IDLE -> written.progress.timePasses();
      case CRASH -> turns.crashIsDue(written.table);
      case GO_ON -> {}
    }
    chunk++;
    ticks = checkpoint = NONE;
  }

  /** Whether watermarks have told those behind how far all tables have come. */
  private boolean isTold() {
    return ticks != NONE && written.progress.ticks() > ticks;
  }

  @Override
  public List<KafkaPartitionSplit> snapshotState(long checkpointId) {
    if (checkpoint == NONE && isTold()) checkpoint = checkpointId;
    List<KafkaPartitionSplit> splits = new ArrayList<>();
    next.forEach((partition, offset) -> splits.add(new KafkaPartitionSplit(partition, offset)));
    return splits;
  }

  @Override
  public void notifyCheckpointComplete(long checkpointId) {
    if (checkpointId >= checkpoint) turns.settled(life, written.table, chunk);
  }

  @Override
  public void pauseOrResumeSplits(Collection<String> paused, Collection<String> resumed) {}

  @Override
  public CompletableFuture<Void> isAvailable() {
    return CompletableFuture.runAsync(() -> {}, SOON);
  }

  @Override
  public void close() {}
}
