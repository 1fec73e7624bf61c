package headrace;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;

/** Whether a writer means by its fields what a reader does; Python refuses the same ones (schemas/resolution.py). */
final class Meanings {
  private static final Set<String> INSTANTS = Set.of("timestamp-millis", "timestamp-micros");

  private Meanings() {}

  /** False where a field has a logical type for one of two records only, or another one; Avro itself does not mind. */
  static boolean agree(Schema writer, Schema reader) {
    for (Schema.Field field : reader.getFields()) {
      Schema.Field written = writer.getField(field.name());
      if (written != null && !fieldsAgree(written.schema(), field.schema())) return false;
    }
    return true;
  }

  private static boolean fieldsAgree(Schema writer, Schema reader) {
    Set<String> found = of(writer), expected = of(reader);
    boolean instants =
        !found.isEmpty() && !expected.isEmpty() && INSTANTS.containsAll(found) && INSTANTS.containsAll(expected);
    if (!instants && !found.equals(expected)) return false;
    boolean records = writer.getType() == Schema.Type.RECORD && reader.getType() == Schema.Type.RECORD;
    return !records || agree(writer, reader);
  }

  private static Set<String> of(Schema type) {
    Set<String> names = new HashSet<>();
    for (Schema branch : type.isUnion() ? type.getTypes() : List.of(type)) {
      if (branch.getProp("logicalType") != null) names.add(branch.getProp("logicalType"));
    }
    return names;
  }
}
