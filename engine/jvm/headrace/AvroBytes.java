package headrace;

import java.util.Arrays;

/** Bytes that grow as Avro's plain values are appended to them. */
final class AvroBytes {
  private byte[] bytes = new byte[256];
  private int size;

  /** Begins anew, with room for as many bytes in front. */
  void reset(int front) {
    size = 0;
    claim(front);
    Arrays.fill(bytes, 0, front, (byte) 0);
  }

  byte[] toArray() {
    return Arrays.copyOf(bytes, size);
  }

  void putByte(int value) {
    int at = claim(1);
    bytes[at] = (byte) value;
  }

  /** A whole number: zigzag, seven bits a byte. */
  void putLong(long value) {
    long rest = (value << 1) ^ (value >> 63);
    while ((rest & ~0x7fL) != 0) {
      putByte((int) (rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    putByte((int) rest);
  }

  /** The lowest bytes of a value, little-endian. */
  void putFixed(long value, int count) {
    int at = claim(count);
    for (int i = 0; i < count; i++) bytes[at + i] = (byte) (value >>> (8 * i));
  }

  void put(byte[] values) {
    System.arraycopy(values, 0, bytes, claim(values.length), values.length);
  }

  private int claim(int count) {
    int at = size;
    size += count;
    if (size > bytes.length) bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, size));
    return at;
  }
}
