package headrace;

import java.io.Serializable;

/** Event times from the first one on and before the last one, in ms since the epoch. */
public record Range(long first, long last) implements Serializable {
  public static final Range ALL = new Range(Long.MIN_VALUE, Long.MAX_VALUE);

  boolean holds(long time) {
    return first <= time && time < last;
  }
}
