package headrace;

import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;

/** A source of topics that is not read far ahead of the job's other ones ({@link Alignment}). */
public final class AlignedSource extends TopicSource {
  private static final long serialVersionUID = 1L;

  public AlignedSource(Source<byte[], KafkaPartitionSplit, KafkaSourceEnumState> kafka, Progress progress) {
    super(kafka, progress);
  }

  @Override
  public SourceReader<byte[], KafkaPartitionSplit> createReader(SourceReaderContext context) throws Exception {
    return new AlignedReader(kafka.createReader(context), progress, context);
  }

  @Override
  public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> createEnumerator(
      SplitEnumeratorContext<KafkaPartitionSplit> context) throws Exception {
    return new AlignedEnumerator(super.createEnumerator(context), context);
  }

  @Override
  public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> restoreEnumerator(
      SplitEnumeratorContext<KafkaPartitionSplit> context, KafkaSourceEnumState checkpoint) throws Exception {
    return new AlignedEnumerator(super.restoreEnumerator(context, checkpoint), context);
  }
}
