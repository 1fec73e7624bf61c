package headrace;

/** What is known about a record before Python sees it, in the order of {@code schemas.frames.Status}. */
enum Status {
  OK,
  NULL_VALUE,
  NO_MAGIC,
  UNKNOWN_SCHEMA,
  CORRUPT,
  WRONG_TYPE,
  NO_EVENT_TIME,
  NOT_FINITE,
  TOO_LARGE,
  LATE,
  FUTURE,
  UNKNOWN_STREAM;

  private static final Status[] ALL = values();

  static Status of(byte code) {
    return ALL[code];
  }

  byte code() {
    return (byte) ordinal();
  }
}
