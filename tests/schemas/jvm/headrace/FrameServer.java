package headrace;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.record.TimestampType;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.util.Collector;

/** Answers tests: an operation, the size of what follows and the bytes on standard input; size and bytes back. */
public final class FrameServer {
  private static final List<String> TOPICS = List.of("0", "1", "2");

  public static void main(String[] arguments) throws IOException {
    DataInputStream in = new DataInputStream(System.in);
    DataOutputStream out = new DataOutputStream(System.out);
    for (int operation = in.read(); operation >= 0; operation = in.read()) {
      byte[] request = in.readNBytes(in.readInt());
      byte[] answer =
          switch (operation) {
            case 'r' -> repacked(request);
            case 'u' -> unpacked(request);
            case 'w' -> walked(request);
            case 's' -> fromSource(request);
            case 'd' -> redriven(request);
            case 'l' -> lookedUp(request);
            case 'p' -> paced(request);
            case 'g' -> TimeServer.gated(request);
            case 'm' -> TimeServer.merged(request);
            case 't' -> TimeServer.timed(request);
            case 'e' -> RowServer.encoded(request);
            default -> throw new IllegalArgumentException("operation " + operation);
          };
      out.writeInt(answer.length);
      out.write(answer);
      out.flush();
    }
  }

  /** A frame, taken apart and put together again. */
  private static byte[] repacked(byte[] frame) {
    FrameBuilder builder = new FrameBuilder();
    FrameBuilder.each(frame, builder::add);
    return builder.build();
  }

  /** An output frame as what goes to Kafka: topic, timestamp, key, value, and name and value of each header. */
  private static byte[] unpacked(byte[] frame) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    OutputRecords records = new OutputRecords(TOPICS.toArray(new String[0]));
    new Unpacker()
        .flatMap(
            frame,
            new Collector<>() {
              @Override
              public void collect(byte[] record) {
                try {
                  write(out, records.serialize(record, null, null));
                } catch (IOException impossible) {
                  throw new AssertionError(impossible);
                }
              }

              @Override
              public void close() {}
            });
    return bytes.toByteArray();
  }

  private static void write(DataOutputStream out, ProducerRecord<byte[], byte[]> record) throws IOException {
    out.writeInt(Integer.parseInt(record.topic()));
    out.writeLong(record.timestamp());
    write(out, record.key());
    write(out, record.value());
    out.writeInt(record.headers().toArray().length);
    for (var header : record.headers()) {
      write(out, header.key().getBytes(StandardCharsets.UTF_8));
      write(out, header.value());
    }
  }

  private static void write(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes == null ? -1 : bytes.length);
    if (bytes != null) out.write(bytes);
  }

  /** The size of a schema, the schema and a payload: 1 when the payload is exactly one record of the schema, else 0. */
  private static byte[] walked(byte[] request) {
    int size = ByteBuffer.wrap(request).getInt();
    String schema = new String(request, 4, size, StandardCharsets.UTF_8);
    try {
      new Payload(SchemaLookup.parse(schema), null, null).read(request, 4 + size);
      return new byte[] {1};
    } catch (Payload.Corrupt corrupt) {
      return new byte[] {0};
    }
  }

  /** Sized, the schemas of reader and writer, then a frame of records without headers: the frame that the source makes. */
  private static byte[] fromSource(byte[] request) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(request);
    String reader = text(rest), writer = text(rest);
    Contract contract = new Contract(0, reader, "at", null, true).schemas(null, Map.of(1, writer)).numbered(new Partitions(Map.of("topic", 0)));
    RecordBlocks source = new RecordBlocks(contract);
    source.open(null);
    FrameBuilder builder = new FrameBuilder();
    byte[] frame = take(rest, rest.remaining());
    FrameBuilder.each(frame, block -> builder.add(block(source, block)));
    return builder.build();
  }

  /**
   * Sized, the schema of the stream "pages" of topic "in" and of what the pipeline "in" gives, that of dead letters by its
   * reader and by its writer, whether connectors ask, then a letter: the frame of what comes of it.
   */
  private static byte[] redriven(byte[] request) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(request);
    String pages = text(rest), letters = text(rest), written = text(rest);
    Contract contract = new Contract(3, pages, "at", null, true).schemas(null, Map.of(1, pages));
    Contract read = new Contract(0, letters, null, null, false).schemas(null, Map.of(2, written));
    boolean whole = rest.get() != 0;
    Contract given = new Contract(4, pages, "at", null, true).schemas(null, Map.of(1, pages));
    RedrivenBlocks source =
        new RedrivenBlocks(read)
            .stream("pages", new String[] {"in"}, contract)
            .stream("in", new String[0], given)
            .part(new String[] {"model", "in"}, contract);
    source.open(null);
    List<byte[]> marked = new ArrayList<>(), blocks = new ArrayList<>();
    source.deserialize(
        new ConsumerRecord<>("redrive", 0, 0, null, rest.hasRemaining() ? take(rest, rest.remaining()) : null),
        new ListCollector<>(marked));
    OfStream ofPages = new OfStream(contract.source, whole);
    for (byte[] block : marked) ofPages.flatMap(block, new ListCollector<>(blocks));
    FrameBuilder builder = new FrameBuilder();
    blocks.forEach(builder::add);
    return builder.build();
  }

  /** The address of a registry, sized, and a schema's id: the schema as JSON, nothing, or why the job has to stop. */
  private static byte[] lookedUp(byte[] request) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(request);
    SchemaLookup schemas = new SchemaLookup(text(rest), Map.of());
    String said;
    try {
      said = schemas.get(rest.getInt()).map(Schema::toString).orElse("");
    } catch (SuppressRestartsException fatal) {
      said = fatal.getCause().getMessage();
    }
    return said.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The most that a frame may hold, how many shards there are, then frames in a row, each as its records, offered one by
   * one, and how long those behind take for it: how many records of each went into the frame before it was full.
   */
  private static byte[] paced(byte[] request) {
    ByteBuffer rest = ByteBuffer.wrap(request), answer = ByteBuffer.allocate(request.length);
    long[] clock = {0};
    FrameLimit limit = new FrameLimit(rest.getInt(), rest.getInt(), () -> clock[0]);
    while (rest.hasRemaining()) {
      int offered = rest.getInt(), count = 0;
      limit.begin();
      while (count < offered && !limit.isReachedBy(count)) count++;
      clock[0] += rest.getInt() * 1_000_000L;
      limit.flushed(count);
      answer.putInt(count);
    }
    return Arrays.copyOf(answer.array(), answer.position());
  }

  private static String text(ByteBuffer from) {
    return new String(take(from, from.getInt()), StandardCharsets.UTF_8);
  }

  private static byte[] block(RecordBlocks source, byte[] block) {
    int keySize = Block.getInt(block, Block.KEY_SIZE), valueSize = Block.getInt(block, Block.VALUE_SIZE);
    ByteBuffer rest = ByteBuffer.wrap(block, Block.ENTRY, block.length - Block.ENTRY).order(ByteOrder.LITTLE_ENDIAN);
    byte[] key = take(rest, keySize), value = take(rest, valueSize);
    try {
      return source.block(
          new ConsumerRecord<>(
              "topic",
              Block.getInt(block, Block.PARTITION),
              Block.getLong(block, Block.OFFSET),
              Block.getLong(block, Block.ARRIVAL),
              TimestampType.CREATE_TIME,
              keySize,
              valueSize,
              key,
              value,
              new RecordHeaders(),
              Optional.empty()));
    } catch (IOException impossible) {
      throw new AssertionError(impossible);
    }
  }

  private static byte[] take(ByteBuffer from, int size) {
    if (size < 0) return null;
    byte[] bytes = new byte[size];
    from.get(bytes);
    return bytes;
  }
}
