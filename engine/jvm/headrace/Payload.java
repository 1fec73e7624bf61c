package headrace;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;

/**
 * Walks Avro binary by its writer's schema, strictly, without building objects: finds whether the payload is whole and what
 * the event time and the shard key are.
 */
final class Payload {
  /** The first and the last millisecond of the years that Python knows. */
  static final long YEAR_1 = -62135596800000L, YEAR_9999 = 253402300799999L;

  private static final Pattern UUID = Pattern.compile("[{}]*(?:-*[0-9a-fA-F]){32}-*[{}]*");

  private final Schema writer;
  private final int eventTimeField;
  private final int shardKeyField;
  private final boolean micros;
  private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
  private final CharBuffer scratch = CharBuffer.allocate(1024);

  private byte[] bytes;
  private int at;
  private long number;
  private int textAt;
  private int textSize;
  private boolean inEventTime; // the range of the event time is looked at with the rest of the record

  long eventTime;
  boolean finite;
  /** Hash of the shard key's text; 0 without one. */
  int shardHash;

  static final class Corrupt extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Corrupt() {
      super(null, null, false, false);
    }
  }

  Payload(Schema writer, String eventTime, String shardKey) {
    this.writer = writer;
    this.eventTimeField = position(writer, eventTime);
    this.shardKeyField = position(writer, shardKey);
    this.micros = eventTimeField >= 0 && isMicros(writer.getFields().get(eventTimeField).schema());
  }

  private static int position(Schema record, String field) {
    Schema.Field found = field == null ? null : record.getField(field);
    return found == null ? -1 : found.pos();
  }

  private static boolean isMicros(Schema type) {
    if (type.getType() == Schema.Type.UNION) return type.getTypes().stream().anyMatch(Payload::isMicros);
    return "timestamp-micros".equals(type.getProp("logicalType"));
  }

  /** Throws Corrupt when the bytes from {@code start} on are not exactly one record. */
  void read(byte[] value, int start) {
    bytes = value;
    at = start;
    finite = true;
    eventTime = Block.NO_EVENT_TIME;
    shardHash = 0;
    List<Schema.Field> fields = writer.getFields();
    for (int i = 0; i < fields.size(); i++) {
      inEventTime = i == eventTimeField;
      Schema.Type type = walk(fields.get(i).schema());
      if (i == eventTimeField && type == Schema.Type.LONG) eventTime = micros ? Math.floorDiv(number, 1000L) : number;
      if (i == shardKeyField) shardHash = hash(type);
    }
    if (at != bytes.length) throw new Corrupt();
  }

  private int hash(Schema.Type type) {
    java.util.zip.CRC32 crc = new java.util.zip.CRC32();
    switch (type) {
      case INT, LONG -> crc.update(Long.toString(number).getBytes(StandardCharsets.US_ASCII));
      case STRING -> crc.update(bytes, textAt, textSize);
      default -> {
        return 0;
      }
    }
    return (int) crc.getValue();
  }

  /** Steps over one value and says of which type it was, unions resolved. */
  private Schema.Type walk(Schema type) {
    switch (type.getType()) {
      case NULL -> {}
      case BOOLEAN -> {
        byte flag = bytes[claim(1)];
        if (flag != 0 && flag != 1) throw new Corrupt();
      }
      case INT -> {
        number = varint(5);
        if (number != (int) number) throw new Corrupt();
        if (type.getLogicalType() != null) requireInRange(type.getLogicalType().getName());
      }
      case LONG -> {
        number = varint(10);
        if (type.getLogicalType() != null && !inEventTime) requireInRange(type.getLogicalType().getName());
      }
      case FLOAT -> finite &= Float.isFinite(Float.intBitsToFloat(Block.getInt(bytes, claim(4))));
      case DOUBLE -> finite &= Double.isFinite(Double.longBitsToDouble(Block.getLong(bytes, claim(8))));
      case BYTES -> claim(length());
      case STRING -> {
        text();
        if (type.getLogicalType() != null && type.getLogicalType().getName().equals("uuid")) requireUuid();
      }
      case FIXED -> claim(type.getFixedSize());
      case ENUM -> choice(type.getEnumSymbols().size());
      case UNION -> {
        return walk(type.getTypes().get(choice(type.getTypes().size())));
      }
      case ARRAY -> items(type.getElementType(), false);
      case MAP -> items(type.getValueType(), true);
      case RECORD -> {
        for (Schema.Field field : type.getFields()) walk(field.schema());
      }
    }
    return type.getType();
  }

  /** Python has no date or time beyond these bounds. */
  private void requireInRange(String logicalType) {
    boolean fits =
        switch (logicalType) {
          case "date" -> number >= -719_162 && number <= 2_932_896;
          case "time-millis" -> number >= 0 && number < 86_400_000L;
          case "time-micros" -> number >= 0 && number < 86_400_000_000L;
          case "timestamp-millis", "local-timestamp-millis" -> number >= YEAR_1 && number <= YEAR_9999;
          case "timestamp-micros", "local-timestamp-micros" ->
              number >= YEAR_1 * 1000 && number <= YEAR_9999 * 1000 + 999;
          default -> true;
        };
    if (!fits) throw new Corrupt();
  }

  private void text() {
    textSize = length();
    textAt = claim(textSize);
    for (int i = textAt; i < textAt + textSize; i++) {
      if (bytes[i] < 0) {
        requireUtf8();
        return;
      }
    }
  }

  private void requireUtf8() {
    ByteBuffer in = ByteBuffer.wrap(bytes, textAt, textSize);
    utf8.reset();
    CoderResult result;
    do {
      scratch.clear();
      result = utf8.decode(in, scratch, true);
      if (result.isError()) throw new Corrupt();
    } while (result.isOverflow());
  }

  /** What Python makes a UUID of: 32 hexadecimal digits, with dashes anywhere, in braces or as a URN. */
  private void requireUuid() {
    String text = new String(bytes, textAt, textSize, StandardCharsets.UTF_8);
    if (!UUID.matcher(text.replace("urn:", "").replace("uuid:", "")).matches()) throw new Corrupt();
  }

  private void items(Schema item, boolean keyed) {
    for (long count = varint(10); count != 0; count = varint(10)) {
      if (count == Long.MIN_VALUE) throw new Corrupt();
      long size = count < 0 ? length() : -1;
      int start = at;
      count = Math.abs(count);
      if (count > bytes.length - at) throw new Corrupt();
      for (long i = 0; i < count; i++) {
        if (keyed) text();
        walk(item);
      }
      if (size >= 0 && at != start + size) throw new Corrupt();
    }
  }

  private int choice(int size) {
    long index = varint(10);
    if (index < 0 || index >= size) throw new Corrupt();
    return (int) index;
  }

  private int length() {
    long size = varint(10);
    if (size < 0 || size > bytes.length - at) throw new Corrupt();
    return (int) size;
  }

  private int claim(int size) {
    int start = at;
    if (size > bytes.length - at) throw new Corrupt();
    at += size;
    return start;
  }

  private long varint(int most) {
    long zigzag = 0;
    for (int i = 0; i < most; i++) {
      byte part = bytes[claim(1)];
      if (i == 9 && part > 1) throw new Corrupt();
      zigzag |= (long) (part & 0x7f) << (7 * i);
      if (part >= 0) return (zigzag >>> 1) ^ -(zigzag & 1);
    }
    throw new Corrupt();
  }
}
