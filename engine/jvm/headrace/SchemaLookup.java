package headrace;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.SchemaParseException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writer schemas by id: those known at submission, others from the registry, each asked for once.
 *
 * <p>An id that the registry does not have is asked for again after ten seconds; a registry that is away is waited for.
 */
final class SchemaLookup {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final Logger LOG = LoggerFactory.getLogger(SchemaLookup.class);
  private static final long MISSING_NANOS = Duration.ofSeconds(10).toNanos();
  private static final int MISSING_MAX = 10_000;
  private static final long PAUSE_MS = 500;

  private final Map<Integer, Schema> byId = new HashMap<>();
  private final Map<Integer, Long> missingSince = new HashMap<>();
  private final URI registry;
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

  SchemaLookup(String registry, Map<Integer, String> known) {
    this.registry = registry == null ? null : URI.create(registry);
    known.forEach((id, json) -> byId.put(id, parse(json)));
  }

  static Schema parse(String json) {
    return new Schema.Parser().parse(json);
  }

  /** The schema, or nothing if the registry has none under this id, or one that is not Avro. */
  Optional<Schema> get(int id) throws IOException {
    Schema schema = byId.get(id);
    if (schema != null || registry == null) return Optional.ofNullable(schema);
    Long since = missingSince.get(id);
    if (since != null && System.nanoTime() - since < MISSING_NANOS) return Optional.empty();
    Optional<Schema> found = askPatiently(id);
    if (missingSince.size() >= MISSING_MAX) missingSince.clear();
    if (found.isPresent()) byId.put(id, found.get());
    else missingSince.put(id, System.nanoTime());
    return found;
  }

  private Optional<Schema> askPatiently(int id) throws IOException {
    try {
      while (true) {
        try {
          return ask(id);
        } catch (IOException away) {
          LOG.warn("waiting for the registry {}:{}: {}", registry.getHost(), registry.getPort(), away.toString());
          Thread.sleep(PAUSE_MS);
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for the registry");
    }
  }

  private Optional<Schema> ask(int id) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(registry.resolve(registry.getPath() + "/schemas/ids/" + id)).timeout(Duration.ofSeconds(10));
    if (registry.getUserInfo() != null) {
      byte[] login = registry.getUserInfo().getBytes(StandardCharsets.UTF_8);
      request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(login));
    }
    HttpResponse<String> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() == 404) return Optional.empty();
    if (answer.statusCode() != 200) throw new IOException("it answered " + answer.statusCode());
    try {
      return Optional.of(parse(JSON.readTree(answer.body()).get("schema").asText()));
    } catch (SchemaParseException notAvro) {
      return Optional.empty();
    }
  }
}
