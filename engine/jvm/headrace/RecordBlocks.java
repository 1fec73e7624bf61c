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
import org.apache.flink.avro.shaded.org.apache.avro.SchemaCompatibility;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.util.Collector;

/** Kafka record to block: keeps every coordinate, reads event time and shard, marks what cannot be read. */
public final class RecordBlocks implements KafkaRecordDeserializationSchema<byte[]> {
  private static final long serialVersionUID = 1L;

  private final Contract contract;
  private transient SchemaLookup schemas;
  private transient Map<Integer, Optional<Payload>> payloads;
  private transient Schema reader;

  public RecordBlocks(Contract contract) {
    this.contract = contract;
  }

  @Override
  public void open(DeserializationSchema.InitializationContext context) {
    schemas = new SchemaLookup(contract.registry, contract.known);
    payloads = new HashMap<>();
    reader = SchemaLookup.reader(contract.readerSchema);
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<byte[]> out) throws IOException {
    out.collect(block(record));
  }

  byte[] block(ConsumerRecord<byte[], byte[]> record) throws IOException {
    byte[] key = record.key(), value = record.value(), headers = PackedHeaders.of(record.headers());
    int keySize = key == null ? 0 : key.length, valueSize = value == null ? 0 : value.length;
    byte[] block = new byte[Block.ENTRY + keySize + headers.length + valueSize];
    Block.putLong(block, Block.EVENT_TIME, Block.NO_EVENT_TIME);
    Block.putLong(block, Block.ARRIVAL, record.timestamp());
    Block.putLong(block, Block.OFFSET, record.offset());
    Block.putInt(block, Block.PARTITION, number(record));
    Block.putInt(block, Block.KEY_SIZE, key == null ? -1 : keySize);
    Block.putInt(block, Block.HEADERS_SIZE, headers.length);
    Block.putInt(block, Block.VALUE_SIZE, value == null ? -1 : valueSize);
    Block.putShort(block, Block.SOURCE, contract.source);
    // a record without a key that can be read still has to go somewhere: spread evenly
    Block.putInt(block, Block.SHARD, (int) Math.floorMod(record.offset(), (long) contract.shards));
    block[Block.STATUS] = status(block, value).code();
    int at = Block.ENTRY;
    if (key != null) System.arraycopy(key, 0, block, at, keySize);
    System.arraycopy(headers, 0, block, at += keySize, headers.length);
    if (value != null) System.arraycopy(value, 0, block, at + headers.length, valueSize);
    return block;
  }

  /** What a connector makes is in no topic, and neither is what was sent again and belongs to no stream. */
  private int number(ConsumerRecord<byte[], byte[]> record) {
    Partitions partitions = contract.partitions;
    boolean isNumbered = partitions != null && partitions.has(record.topic());
    return isNumbered ? partitions.number(record.topic(), record.partition()) : record.partition();
  }

  private Status status(byte[] block, byte[] value) throws IOException {
    if (block.length > contract.maxBytes) return Status.TOO_LARGE;
    if (value == null) return Status.NULL_VALUE;
    if (value.length < SchemaLookup.FRAMING || value[0] != 0) return Status.NO_MAGIC;
    int id = ByteBuffer.wrap(value, 1, 4).getInt();
    Optional<Schema> writer = schemas.get(id);
    if (writer.isEmpty()) return Status.UNKNOWN_SCHEMA;
    Optional<Payload> payload = payloads.computeIfAbsent(id, ignored -> payload(writer.get()));
    if (payload.isEmpty()) return Status.WRONG_TYPE;
    try {
      payload.get().read(value, SchemaLookup.FRAMING);
    } catch (Payload.Corrupt corrupt) {
      return Status.CORRUPT;
    }
    return inspect(block, payload.get());
  }

  private Optional<Payload> payload(Schema written) {
    try {
      Schema writer = Schema.applyAliases(written, reader);
      return fits(writer) ? Optional.of(new Payload(writer, contract.eventTime, contract.shardKey)) : Optional.empty();
    } catch (AvroRuntimeException twoFieldsOfOneName) {
      return Optional.empty();
    }
  }

  private boolean fits(Schema writer) {
    return writer.getType() == Schema.Type.RECORD
        && Bounded.isBounded(writer)
        && SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getType()
            == SchemaCompatibility.SchemaCompatibilityType.COMPATIBLE
        && Meanings.agree(writer, reader);
  }

  private Status inspect(byte[] block, Payload payload) {
    if (contract.shards > 1) Block.putInt(block, Block.SHARD, Math.floorMod(payload.shardHash, contract.shards));
    long arrival = Block.getLong(block, Block.ARRIVAL);
    long time = contract.eventTime == null ? arrival : payload.eventTime;
    if (time == Block.NO_EVENT_TIME) return Status.NO_EVENT_TIME;
    if (time < Payload.YEAR_1) return Status.CORRUPT;
    Block.putLong(block, Block.EVENT_TIME, time);
    if (time > Payload.YEAR_9999 || time - arrival > contract.maxAheadMs) return Status.FUTURE;
    return contract.finite && !payload.finite ? Status.NOT_FINITE : Status.OK;
  }

  @Override
  public TypeInformation<byte[]> getProducedType() {
    return PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;
  }
}
