package headrace;

import org.apache.flink.api.common.functions.FilterFunction;

/** Passes the unpacked records on that are for one of the destinations from `first` up to but not including `end`. */
public final class Destined implements FilterFunction<byte[]> {
  private static final long serialVersionUID = 1L;

  private final int first;
  private final int end;

  public Destined(int first, int end) {
    this.first = first;
    this.end = end;
  }

  @Override
  public boolean filter(byte[] record) {
    int destination = Block.getInt(record, Unpacker.DESTINATION);
    return first <= destination && destination < end;
  }
}
