package headrace;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/** Packs blocks into one frame, and takes frames apart again; the layout is that of schemas/frames.py. */
final class FrameBuilder {
  static final int HEADER = 8;
  private static final byte[] MAGIC = "HRF1".getBytes(StandardCharsets.US_ASCII);

  private final Column index = new Column(), keys = new Column(), headers = new Column(), values = new Column();
  private int count;

  int count() {
    return count;
  }

  int size() {
    return HEADER + index.size + keys.size + headers.size + values.size;
  }

  void add(byte[] block) {
    int key = Block.size(block, Block.KEY_SIZE), header = Block.size(block, Block.HEADERS_SIZE);
    index.add(block, 0, Block.ENTRY);
    keys.add(block, Block.ENTRY, key);
    headers.add(block, Block.ENTRY + key, header);
    values.add(block, Block.ENTRY + key + header, Block.size(block, Block.VALUE_SIZE));
    count++;
  }

  /** The frame of all that was added; the builder is empty afterwards. */
  byte[] build() {
    byte[] frame = new byte[size()];
    System.arraycopy(MAGIC, 0, frame, 0, MAGIC.length);
    Block.putInt(frame, 4, count);
    int at = HEADER;
    for (Column column : new Column[] {index, keys, headers, values}) at = column.moveTo(frame, at);
    count = 0;
    return frame;
  }

  /** Hands out the blocks of a frame, in order. */
  static void each(byte[] frame, Consumer<byte[]> blocks) {
    each(frame, Block.ENTRY, Block.KEY_SIZE, blocks);
  }

  /** Hands out the records of any frame, in order: index entry, key, headers, value; the entry has the sizes of these. */
  static void each(byte[] frame, int entrySize, int sizesAt, Consumer<byte[]> records) {
    int count = Block.getInt(frame, 4), entry = HEADER;
    int key = HEADER + count * entrySize, header = key, value;
    for (int i = 0; i < count; i++) header += Block.size(frame, entry + i * entrySize + sizesAt);
    value = header;
    for (int i = 0; i < count; i++) value += Block.size(frame, entry + i * entrySize + sizesAt + 4);
    for (int i = 0; i < count; i++, entry += entrySize) {
      int keySize = Block.size(frame, entry + sizesAt);
      int headerSize = Block.size(frame, entry + sizesAt + 4);
      int valueSize = Block.size(frame, entry + sizesAt + 8);
      byte[] record = new byte[entrySize + keySize + headerSize + valueSize];
      System.arraycopy(frame, entry, record, 0, entrySize);
      System.arraycopy(frame, key, record, entrySize, keySize);
      System.arraycopy(frame, header, record, entrySize + keySize, headerSize);
      System.arraycopy(frame, value, record, entrySize + keySize + headerSize, valueSize);
      records.accept(record);
      key += keySize;
      header += headerSize;
      value += valueSize;
    }
  }

  private static final class Column {
    private static final int KEEP = 1 << 20;
    private byte[] bytes = new byte[1024];
    private int size;

    void add(byte[] from, int at, int length) {
      if (size + length > bytes.length) bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + length));
      System.arraycopy(from, at, bytes, size, length);
      size += length;
    }

    int moveTo(byte[] frame, int at) {
      System.arraycopy(bytes, 0, frame, at, size);
      int end = at + size;
      size = 0;
      if (bytes.length > KEEP) bytes = new byte[1024];
      return end;
    }
  }
}
