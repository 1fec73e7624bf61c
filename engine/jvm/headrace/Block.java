package headrace;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * One record as bytes: an index entry as in a frame (schemas/frames.py), then key, headers and value.
 *
 * <p>The entry's padding carries the shard from the source to the batcher.
 */
final class Block {
  static final int EVENT_TIME = 0, ARRIVAL = 8, OFFSET = 16, PARTITION = 24;
  static final int KEY_SIZE = 28, HEADERS_SIZE = 32, VALUE_SIZE = 36, SOURCE = 40, STATUS = 42, REDRIVEN = 43, SHARD = 44;
  static final int ENTRY = 48;
  static final long NO_EVENT_TIME = Long.MIN_VALUE;

  private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  private Block() {}

  static long getLong(byte[] bytes, int at) {
    return (long) LONG.get(bytes, at);
  }

  static int getInt(byte[] bytes, int at) {
    return (int) INT.get(bytes, at);
  }

  static void putLong(byte[] bytes, int at, long value) {
    LONG.set(bytes, at, value);
  }

  static void putInt(byte[] bytes, int at, int value) {
    INT.set(bytes, at, value);
  }

  static void putShort(byte[] bytes, int at, short value) {
    SHORT.set(bytes, at, value);
  }

  static int size(byte[] bytes, int at) {
    return Math.max(0, getInt(bytes, at));
  }

  static int source(byte[] block) {
    return (short) SHORT.get(block, SOURCE) & 0xffff;
  }

  static boolean isRedriven(byte[] block) {
    return block[REDRIVEN] != 0;
  }

  static Status status(byte[] block) {
    return Status.of(block[STATUS]);
  }
}
