package headrace;

import java.net.URI;
import java.util.Optional;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.MissingNode;

/** What a registry says when asked for a schema, by Confluent's REST API. */
final class RegistryAnswer {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int TOO_MANY_REQUESTS = 429, UNAUTHORIZED = 401, FORBIDDEN = 403;
  private static final int SCHEMA_NOT_FOUND = 40403;

  private final URI registry;
  private final int status;
  private final JsonNode body;

  RegistryAnswer(URI registry, int status, String body) {
    this.registry = registry;
    this.status = status;
    this.body = json(body);
  }

  boolean isTrouble() {
    return status >= 500 || status == TOO_MANY_REQUESTS;
  }

  boolean isMissing() {
    return body.path("error_code").asInt() == SCHEMA_NOT_FOUND;
  }

  /** The text of the schema, nothing if it is none of Avro's; throws what stops the job where the registry refuses. */
  Optional<String> schema() {
    if (status == UNAUTHORIZED || status == FORBIDDEN) throw stop(message() + "\nhint: put user:password@ into its URL");
    if (status / 100 != 2) throw body.has("error_code") ? stop(message()) : stranger("HTTP " + status);
    JsonNode schema = body.path("schema");
    if (!schema.isTextual()) throw stranger("its answer has no schema");
    if (!"AVRO".equals(body.path("schemaType").asText("AVRO"))) return Optional.empty();
    if (json(schema.asText()).isMissingNode()) throw stranger("a schema that is no JSON");
    return Optional.of(schema.asText());
  }

  private String message() {
    return body.path("message").asText("HTTP error") + " (" + body.path("error_code").asInt(status) + ")";
  }

  private RuntimeException stranger(String finding) {
    return stop(
        "does not speak the registry protocol: "
            + finding
            + "\nhint: check HEADRACE_REGISTRY or --registry, and that the registry runs");
  }

  private RuntimeException stop(String finding) {
    String port = registry.getPort() < 0 ? "" : ":" + registry.getPort();
    String address = registry.getScheme() + "://" + registry.getHost() + port + registry.getPath();
    return JobFailed.forGood("registry \"" + address + "\": " + finding);
  }

  /** The missing node where the text is no JSON. */
  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException notJson) {
      return MissingNode.getInstance();
    }
  }
}
