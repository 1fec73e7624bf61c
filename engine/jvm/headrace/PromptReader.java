package headrace;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.InputStatus;

/**
 * A reader of Kafka whose offsets are committed as soon as a checkpoint is complete. Flink's own leaves that to the thread
 * that fetches, which first waits for records, on a quiet topic for 10 s; what wakes it up is that partitions may go on.
 */
class PromptReader implements SourceReader<byte[], KafkaPartitionSplit> {
  private final SourceReader<byte[], KafkaPartitionSplit> kafka;
  /** Those that no end is set to: others are the fetching thread's to give up, at any time. */
  private final Set<String> endless = new HashSet<>();

  PromptReader(SourceReader<byte[], KafkaPartitionSplit> kafka) {
    this.kafka = kafka;
  }

  @Override
  public void addSplits(List<KafkaPartitionSplit> added) {
    kafka.addSplits(added);
    for (KafkaPartitionSplit split : added) {
      if (split.getStoppingOffset().isEmpty()) endless.add(split.splitId());
    }
  }

  @Override
  public void notifyCheckpointComplete(long checkpoint) throws Exception {
    kafka.notifyCheckpointComplete(checkpoint);
    kafka.pauseOrResumeSplits(Set.of(), endless); // none was paused: watermarks of ours are not aligned
  }

  @Override
  public void start() {
    kafka.start();
  }

  @Override
  public InputStatus pollNext(ReaderOutput<byte[]> output) throws Exception {
    return kafka.pollNext(output);
  }

  @Override
  public List<KafkaPartitionSplit> snapshotState(long checkpoint) {
    return kafka.snapshotState(checkpoint);
  }

  @Override
  public CompletableFuture<Void> isAvailable() {
    return kafka.isAvailable();
  }

  @Override
  public void notifyNoMoreSplits() {
    kafka.notifyNoMoreSplits();
  }

  @Override
  public void handleSourceEvents(SourceEvent event) {
    kafka.handleSourceEvents(event);
  }

  @Override
  public void notifyCheckpointAborted(long checkpoint) throws Exception {
    kafka.notifyCheckpointAborted(checkpoint);
  }

  @Override
  public void pauseOrResumeSplits(Collection<String> paused, Collection<String> resumed) {
    kafka.pauseOrResumeSplits(paused, resumed);
  }

  @Override
  public void close() throws Exception {
    kafka.close();
  }
}
