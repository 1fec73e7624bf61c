package headrace;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/** Writer schemas by id: those known at submission, others from the registry, each asked for once. */
final class SchemaLookup {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<Integer, Optional<Schema>> byId = new HashMap<>();
  private final String registry;
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

  SchemaLookup(String registry, Map<Integer, String> known) {
    this.registry = registry;
    known.forEach((id, json) -> byId.put(id, Optional.of(parse(json))));
  }

  static Schema parse(String json) {
    return new Schema.Parser().parse(json);
  }

  /** The schema, or nothing if the registry has none under this id. A registry that is away is an IOException. */
  Optional<Schema> get(int id) throws IOException {
    Optional<Schema> schema = byId.get(id);
    if (schema == null) {
      schema = registry == null ? Optional.empty() : ask(id);
      byId.put(id, schema);
    }
    return schema;
  }

  private Optional<Schema> ask(int id) throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(registry + "/schemas/ids/" + id)).timeout(Duration.ofSeconds(10)).build();
    try {
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() == 404) return Optional.empty();
      if (answer.statusCode() != 200) throw new IOException("registry " + registry + " answered " + answer.statusCode());
      return Optional.of(parse(JSON.readTree(answer.body()).get("schema").asText()));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while asking the registry " + registry, interrupted);
    }
  }
}
