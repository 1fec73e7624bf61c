package headrace;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.avro.shaded.org.apache.avro.AvroRuntimeException;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumReader;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericRecord;
import org.apache.flink.avro.shaded.org.apache.avro.io.DecoderFactory;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.record.TimestampType;
import org.apache.flink.util.Collector;

/**
 * Dead letters that were sent again to the blocks of their records, under their original coordinates.
 *
 * <p>Each record is examined anew by what the plan says of its stream. At the end of its block is a byte, not 0 where the
 * stream itself had refused it, so that connectors have not had it, either. One of a stream that is none is marked, under
 * the stream of the last part. A Kafka record without a value says where a run began, and is none of ours.
 */
public final class RedrivenBlocks implements KafkaRecordDeserializationSchema<byte[]> {
  private static final long serialVersionUID = 1L;
  private static final int MOST = 255;

  private final Contract letters;
  private final HashMap<String, Contract> streams = new HashMap<>();
  private final HashMap<String, Contract> parts = new HashMap<>();
  private final HashMap<String, Contract> origins = new HashMap<>();
  private Contract last;
  private transient SchemaLookup schemas;
  private transient Schema reader;
  private transient Map<Integer, GenericDatumReader<GenericRecord>> readers;
  private transient Map<Contract, RecordBlocks> blocks;

  /** @param letters of the dead letters themselves */
  public RedrivenBlocks(Contract letters) {
    this.letters = letters;
  }

  /** Adds a stream and the topics of Kafka's that it reads. */
  public RedrivenBlocks stream(String name, String[] topics, Contract contract) {
    streams.put(name, contract);
    for (String topic : topics) origins.put(topic, contract);
    return this;
  }

  /** Adds the nodes of the part on a stream. */
  public RedrivenBlocks part(String[] nodes, Contract stream) {
    for (String node : nodes) parts.put(node, stream);
    last = stream;
    return this;
  }

  @Override
  public void open(DeserializationSchema.InitializationContext context) {
    schemas = new SchemaLookup(letters.registry, letters.known);
    reader = SchemaLookup.reader(letters.readerSchema);
    readers = new HashMap<>();
    blocks = new HashMap<>();
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<byte[]> out) throws IOException {
    if (record.value() != null) out.collect(block(letter(record.value())));
  }

  private GenericRecord letter(byte[] value) throws IOException {
    int schemaId = ByteBuffer.wrap(value, 1, 4).getInt();
    GenericDatumReader<GenericRecord> reading = readers.get(schemaId);
    if (reading == null) {
      Schema writer = schemas.get(schemaId).orElseThrow(() -> JobFailed.forGood(unreadable(schemaId)));
      readers.put(schemaId, reading = new GenericDatumReader<>(writer, reader));
    }
    try {
      int size = value.length - SchemaLookup.FRAMING;
      return reading.read(null, DecoderFactory.get().binaryDecoder(value, SchemaLookup.FRAMING, size, null));
    } catch (AvroRuntimeException notOurs) {
      throw JobFailed.forGood(unreadable(schemaId) + ": " + notOurs.getMessage());
    }
  }

  private static String unreadable(int schemaId) {
    return "a dead letter that was sent again cannot be read: schema id " + schemaId;
  }

  private byte[] block(GenericRecord letter) throws IOException {
    String node = letter.get("node").toString(), topic = letter.get("topic").toString();
    // what a node gives names it as its topic, and may be called like a topic of Kafka's
    boolean isGiven = (int) letter.get("partition") == RowsToBlocks.NO_PARTITION;
    // a pipeline that connectors read is a stream, too
    boolean whole = streams.containsKey(node) && (!parts.containsKey(node) || isGiven && topic.equals(node));
    Contract origin = isGiven ? streams.get(topic) : origins.get(topic);
    Contract stream = whole ? streams.get(node) : parts.getOrDefault(node, origin);
    byte[] block = examining(stream == null ? last : stream).block(original(letter));
    block[Block.REDRIVEN] = (byte) Math.min(MOST, (int) letter.get("attempt"));
    if (stream == null) block[Block.STATUS] = Status.UNKNOWN_STREAM.code();
    return OfStream.marked(block, whole);
  }

  private RecordBlocks examining(Contract stream) {
    return blocks.computeIfAbsent(
        stream,
        contract -> {
          RecordBlocks examining = new RecordBlocks(contract);
          examining.open(null);
          return examining;
        });
  }

  private static ConsumerRecord<byte[], byte[]> original(GenericRecord letter) {
    byte[] key = bytes(letter.get("key")), value = bytes(letter.get("value"));
    return new ConsumerRecord<>(
        letter.get("topic").toString(),
        (int) letter.get("partition"),
        (long) letter.get("offset"),
        arrival(letter),
        TimestampType.CREATE_TIME,
        key == null ? -1 : key.length,
        value == null ? -1 : value.length,
        key,
        value,
        headers(bytes(letter.get("headers"))),
        Optional.empty());
  }

  /** Letters did not always tell; without it, the event time is the best guess. */
  private static long arrival(GenericRecord letter) {
    Object arrival = letter.get("arrival") == null ? letter.get("event_time") : letter.get("arrival");
    return arrival == null ? (long) letter.get("failed_at") : (long) arrival;
  }

  private static byte[] bytes(Object buffer) {
    if (buffer == null) return null;
    byte[] bytes = new byte[((ByteBuffer) buffer).remaining()];
    ((ByteBuffer) buffer).get(bytes);
    return bytes;
  }

  private static RecordHeaders headers(byte[] packed) {
    RecordHeaders headers = new RecordHeaders();
    return packed == null ? headers : PackedHeaders.addTo(headers, ByteBuffer.wrap(packed));
  }

  @Override
  public TypeInformation<byte[]> getProducedType() {
    return PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;
  }
}
