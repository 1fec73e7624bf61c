package headrace;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.flink.api.java.functions.KeySelector;

/** Unpacked records of one key together, those without one evenly. */
public final class SpreadByKey implements KeySelector<byte[], Integer> {
  private static final long serialVersionUID = 1L;

  @Override
  public Integer getKey(byte[] record) {
    int key = Block.getInt(record, Unpacker.KEY_SIZE);
    return key < 0 ? Arrays.hashCode(record) : ByteBuffer.wrap(record, Unpacker.ENTRY, key).hashCode();
  }
}
