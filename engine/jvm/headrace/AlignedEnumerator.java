package headrace;

import java.io.IOException;
import java.util.List;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;

/** An enumerator that answers its readers when they ask whether they are ahead. */
final class AlignedEnumerator implements SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> {
  private final SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> kafka;
  private final SplitEnumeratorContext<KafkaPartitionSplit> context;
  private final Alignment alignment;

  AlignedEnumerator(
      SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> kafka,
      SplitEnumeratorContext<KafkaPartitionSplit> context) {
    this.kafka = kafka;
    this.context = context;
    this.alignment = Alignment.of(context.metricGroup().getAllVariables().get("<job_id>"));
  }

  @Override
  public void handleSourceEvent(int subtask, SourceEvent event) {
    Alignment.Id id = new Alignment.Id(this, subtask);
    if (event instanceof Alignment.Reached reached) {
      boolean isAhead = alignment.isAhead(id, reached, System.nanoTime());
      context.sendEventToSourceReader(subtask, new Alignment.Answer(isAhead));
    } else if (event instanceof Alignment.CaughtUp) {
      alignment.forget(id);
    } else {
      kafka.handleSourceEvent(subtask, event);
    }
  }

  @Override
  public void addReader(int subtask) {
    alignment.forget(new Alignment.Id(this, subtask));
    kafka.addReader(subtask);
  }

  @Override
  public void close() throws IOException {
    alignment.forgetAll(this);
    kafka.close();
  }

  @Override
  public void start() {
    kafka.start();
  }

  @Override
  public void handleSplitRequest(int subtask, String host) {
    kafka.handleSplitRequest(subtask, host);
  }

  @Override
  public void addSplitsBack(List<KafkaPartitionSplit> splits, int subtask) {
    kafka.addSplitsBack(splits, subtask);
  }

  @Override
  public KafkaSourceEnumState snapshotState(long checkpoint) throws Exception {
    return kafka.snapshotState(checkpoint);
  }

  @Override
  public void notifyCheckpointComplete(long checkpoint) throws Exception {
    kafka.notifyCheckpointComplete(checkpoint);
  }

  @Override
  public void notifyCheckpointAborted(long checkpoint) throws Exception {
    kafka.notifyCheckpointAborted(checkpoint);
  }
}
