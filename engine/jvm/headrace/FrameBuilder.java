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
    int count = Block.getInt(frame, 4), entry = HEADER;
    int key = HEADER + count * Block.ENTRY, header = key, value;
    for (int i = 0; i < count; i++) header += Block.size(frame, entry + i * Block.ENTRY + Block.KEY_SIZE);
    value = header;
    for (int i = 0; i < count; i++) value += Block.size(frame, entry + i * Block.ENTRY + Block.HEADERS_SIZE);
    for (int i = 0; i < count; i++, entry += Block.ENTRY) {
      int keySize = Block.size(frame, entry + Block.KEY_SIZE);
      int headerSize = Block.size(frame, entry + Block.HEADERS_SIZE);
      int valueSize = Block.size(frame, entry + Block.VALUE_SIZE);
      byte[] block = new byte[Block.ENTRY + keySize + headerSize + valueSize];
      System.arraycopy(frame, entry, block, 0, Block.ENTRY);
      System.arraycopy(frame, key, block, Block.ENTRY, keySize);
      System.arraycopy(frame, header, block, Block.ENTRY + keySize, headerSize);
      System.arraycopy(frame, value, block, Block.ENTRY + keySize + headerSize, valueSize);
      blocks.accept(block);
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
