package headrace;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumStateSerializer;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplitSerializer;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.record.TimestampType;

/**
 * The records of a table that a test has written down, in place of a topic; for jobs in the JVM of the test.
 *
 * <p>They come in the order of the table, whatever their partitions, chunk by chunk: at the end of each a table waits until all
 * others of the run are there, too, and a checkpoint holds what follows from it (Turns).
 */
public final class Written
    implements Source<byte[], KafkaPartitionSplit, KafkaSourceEnumState>, ResultTypeQueryable<byte[]> {
  private static final long serialVersionUID = 1L;

  final String run;
  final String table;
  final RecordBlocks blocks;
  final Progress progress;
  private final String topic;
  private final List<Entry> entries = new ArrayList<>();
  private final List<Chunk> chunks = new ArrayList<>();
  private final List<Long> ends = new ArrayList<>();

  /** A record but for its topic and its offset. */
  private record Entry(int partition, long offset, long timestamp, byte[] value) implements Serializable {}

  /** Where a chunk ends, and what happens there. */
  private record Chunk(int end, Then then) implements Serializable {}

  /** What happens at the end of a chunk: nothing, time passes, or a crash once the next chunk was read. */
  enum Then {
    GO_ON,
    IDLE,
    CRASH
  }

  /** @param run what the tables of a run have in common; null for one that waits for no others */
  public Written(String run, String table, String topic, int partitions, Contract contract, Progress progress) {
    this.run = run;
    this.table = table;
    this.topic = topic;
    this.blocks = new RecordBlocks(contract);
    this.progress = progress;
    for (int partition = 0; partition < partitions; partition++) ends.add(0L);
  }

  public Written record(int partition, long timestamp, byte[] value) {
    entries.add(new Entry(partition, ends.get(partition), timestamp, value));
    ends.set(partition, ends.get(partition) + 1);
    return this;
  }

  /** Ends a chunk; there is at least one. */
  public Written end(String then) {
    chunks.add(new Chunk(entries.size(), Then.valueOf(then)));
    return this;
  }

  /** Where a chunk ends, as a position in the table. */
  int end(int chunk) {
    return chunks.get(chunk).end;
  }

  Then then(int chunk) {
    return chunks.get(chunk).then;
  }

  /** Whether the table was idle when it came to a chunk, and has had no record since. */
  boolean isIdleBefore(int chunk) {
    int start = chunk == 0 ? 0 : end(chunk - 1);
    while (--chunk >= 0 && end(chunk) == start) if (then(chunk) == Then.IDLE) return true;
    return false;
  }

  boolean isLast(int chunk) {
    return chunk == chunks.size() - 1;
  }

  boolean hasOneChunk() {
    return chunks.size() == 1;
  }

  /** The record at a position in the table. */
  ConsumerRecord<byte[], byte[]> at(int position) {
    Entry entry = entries.get(position);
    return new ConsumerRecord<>(
        topic,
        entry.partition,
        entry.offset,
        entry.timestamp,
        TimestampType.CREATE_TIME,
        ConsumerRecord.NULL_SIZE,
        entry.value.length,
        null,
        entry.value,
        new RecordHeaders(),
        Optional.empty());
  }

  @Override
  public Boundedness getBoundedness() {
    return Boundedness.BOUNDED;
  }

  @Override
  public SourceReader<byte[], KafkaPartitionSplit> createReader(SourceReaderContext context) {
    return new WrittenReader(this);
  }

  @Override
  public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> createEnumerator(
      SplitEnumeratorContext<KafkaPartitionSplit> context) {
    List<KafkaPartitionSplit> splits = new ArrayList<>();
    for (int partition = 0; partition < ends.size(); partition++) {
      splits.add(new KafkaPartitionSplit(new TopicPartition(topic, partition), 0));
    }
    return new ToOneReader(context, splits);
  }

  /** What was assigned is in the state of its reader. */
  @Override
  public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> restoreEnumerator(
      SplitEnumeratorContext<KafkaPartitionSplit> context, KafkaSourceEnumState checkpoint) {
    return checkpoint.initialDiscoveryFinished() ? new ToOneReader(context, new ArrayList<>()) : createEnumerator(context);
  }

  @Override
  public SimpleVersionedSerializer<KafkaPartitionSplit> getSplitSerializer() {
    return new KafkaPartitionSplitSerializer();
  }

  @Override
  public SimpleVersionedSerializer<KafkaSourceEnumState> getEnumeratorCheckpointSerializer() {
    return new KafkaSourceEnumStateSerializer();
  }

  @Override
  public TypeInformation<byte[]> getProducedType() {
    return PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;
  }

  /** Gives all partitions to the first reader that asks; there is one. */
  private record ToOneReader(SplitEnumeratorContext<KafkaPartitionSplit> context, List<KafkaPartitionSplit> left)
      implements SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> {
    @Override
    public void start() {}

    @Override
    public void handleSplitRequest(int subtask, String host) {}

    @Override
    public void addSplitsBack(List<KafkaPartitionSplit> splits, int subtask) {
      left.addAll(splits);
    }

    @Override
    public void addReader(int subtask) {
      for (KafkaPartitionSplit split : left) context.assignSplit(split, subtask);
      left.clear();
      context.signalNoMoreSplits(subtask);
    }

    @Override
    public KafkaSourceEnumState snapshotState(long checkpoint) {
      return new KafkaSourceEnumState(Set.of(), left.isEmpty());
    }

    @Override
    public void close() {}
  }
}
