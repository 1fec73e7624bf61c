package headrace;

import java.util.Arrays;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.util.Collector;

/** The blocks of one stream, by its position in the plan, without the byte at their end that says who refused them. */
public final class OfStream implements FlatMapFunction<byte[], byte[]> {
  private static final long serialVersionUID = 1L;

  private final int number;
  private final boolean whole;

  /** @param whole whether only blocks that the stream itself has refused are wanted */
  public OfStream(int number, boolean whole) {
    this.number = number;
    this.whole = whole;
  }

  /** A block with the byte at its end, so that what is in front of it stays where it was. */
  static byte[] marked(byte[] block, boolean whole) {
    byte[] marked = Arrays.copyOf(block, block.length + 1);
    marked[block.length] = (byte) (whole ? 1 : 0);
    return marked;
  }

  @Override
  public void flatMap(byte[] marked, Collector<byte[]> out) {
    int size = marked.length - 1;
    if (whole && marked[size] == 0 || Block.source(marked) != number) return;
    out.collect(Arrays.copyOf(marked, size));
  }
}
