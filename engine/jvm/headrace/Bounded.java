package headrace;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;

/** Whether a schema's records take bounded work to read; Python refuses the same ones (schemas/scan.py). */
final class Bounded {
  private final Map<String, Boolean> done = new HashMap<>();

  private Bounded() {}

  /** False for a type that contains itself, and for one with an array whose items have no size. */
  static boolean isBounded(Schema type) {
    return new Bounded().holds(type);
  }

  private boolean holds(Schema type) {
    return switch (type.getType()) {
      case RECORD -> record(type);
      case UNION -> type.getTypes().stream().allMatch(this::holds);
      case ARRAY -> holds(type.getElementType()) && !isEmpty(type.getElementType());
      case MAP -> holds(type.getValueType());
      default -> true;
    };
  }

  private boolean record(Schema record) {
    Boolean known = done.putIfAbsent(record.getFullName(), false);
    if (known != null) return known;
    boolean holds = record.getFields().stream().allMatch(field -> holds(field.schema()));
    done.put(record.getFullName(), holds);
    return holds;
  }

  private static boolean isEmpty(Schema type) {
    return switch (type.getType()) {
      case NULL -> true;
      case FIXED -> type.getFixedSize() == 0;
      case RECORD -> type.getFields().stream().allMatch(field -> isEmpty(field.schema()));
      default -> false;
    };
  }
}
