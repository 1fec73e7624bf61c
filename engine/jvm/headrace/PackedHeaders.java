package headrace;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.header.Header;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.header.Headers;

/** Kafka's headers as bytes; per header: name size (4 bytes, big-endian), name, value size (-1: null), value. */
final class PackedHeaders {
  private static final byte[] NONE = {};

  private PackedHeaders() {}

  static byte[] of(Headers headers) {
    int size = 0;
    for (Header header : headers) size += 8 + name(header).length + (header.value() == null ? 0 : header.value().length);
    if (size == 0) return NONE;
    ByteBuffer packed = ByteBuffer.allocate(size);
    for (Header header : headers) {
      byte[] name = name(header);
      packed.putInt(name.length).put(name).putInt(header.value() == null ? -1 : header.value().length);
      if (header.value() != null) packed.put(header.value());
    }
    return packed.array();
  }

  /** Adds those that are in the rest of a buffer. */
  static <H extends Headers> H addTo(H headers, ByteBuffer packed) {
    while (packed.hasRemaining()) {
      String name = new String(take(packed, packed.getInt()), StandardCharsets.UTF_8);
      int size = packed.getInt();
      headers.add(name, size < 0 ? null : take(packed, size));
    }
    return headers;
  }

  private static byte[] name(Header header) {
    return header.key().getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] take(ByteBuffer from, int size) {
    byte[] bytes = new byte[size];
    from.get(bytes);
    return bytes;
  }
}
