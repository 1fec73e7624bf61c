package headrace;

import org.apache.flink.api.common.functions.FilterFunction;

/** The blocks of one stream of several, by its position in the plan. */
public final class OfStream implements FilterFunction<byte[]> {
  private static final long serialVersionUID = 1L;

  private final int number;

  public OfStream(int number) {
    this.number = number;
  }

  @Override
  public boolean filter(byte[] block) {
    return Block.source(block) == number;
  }
}
