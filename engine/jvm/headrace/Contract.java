package headrace;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;

/** What the plan says about one source; a null field name means "not declared". */
public final class Contract implements Serializable {
  private static final long serialVersionUID = 1L;

  final short source;
  final String readerSchema;
  final String eventTime;
  final String shardKey;
  final boolean finite;
  int shards = 1;
  Partitions partitions;
  long maxAheadMs = Long.MAX_VALUE;
  int maxBytes = 1 << 20;
  String registry;
  Map<Integer, String> known = Map.of();

  /**
   * @param source position of the source in the plan
   * @param readerSchema Avro schema that the workflow reads with, as JSON
   * @param finite whether a float or double that is not finite makes a record bad
   */
  public Contract(int source, String readerSchema, String eventTime, String shardKey, boolean finite) {
    this.source = (short) source;
    this.readerSchema = readerSchema;
    this.eventTime = eventTime;
    this.shardKey = shardKey;
    this.finite = finite;
  }

  /** A record's event time may be so much after its arrival, and it may have so many bytes. */
  public Contract limits(long maxAheadMs, int maxBytes) {
    this.maxAheadMs = maxAheadMs;
    this.maxBytes = maxBytes;
    return this;
  }

  /** How the partitions of its topics are numbered. */
  public Contract numbered(Partitions partitions) {
    this.partitions = partitions;
    return this;
  }

  public Contract sharded(int shards) {
    this.shards = shards;
    return this;
  }

  /** Where schemas come from: the ones known at submission, the registry for all others. */
  public Contract schemas(String registry, Map<Integer, String> known) {
    this.registry = registry;
    this.known = new HashMap<>(known);
    return this;
  }
}
