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
import org.apache.flink.avro.shaded.org.apache.avro.AvroRuntimeException;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writer schemas by id: those known at submission, others from the registry, each asked for once.
 *
 * <p>An id that the registry does not have is asked for again after ten seconds; a registry that is away or in trouble is
 * waited for; one that refuses, or is none, stops the job. The Python side does the same (schemas/registry.py).
 */
final class SchemaLookup {
  /** The size of what is in front of every value: a zero byte, and the registry's number of its schema. */
  static final int FRAMING = 5;

  private static final Logger LOG = LoggerFactory.getLogger(SchemaLookup.class);
  private static final long MISSING_NANOS = Duration.ofSeconds(10).toNanos();
  private static final int MISSING_MAX = 10_000;
  private static final long PAUSE_MS = 500;

  /** Nothing where there is a schema that is not Avro. */
  private final Map<Integer, Optional<Schema>> byId = new HashMap<>();
  private final Map<Integer, Long> missingSince = new HashMap<>();
  private final URI registry;
  /** A client has threads of its own: most sources never ask. */
  private HttpClient http;

  SchemaLookup(String registry, Map<Integer, String> known) {
    this.registry = registry == null ? null : URI.create(registry);
    known.forEach((id, json) -> byId.put(id, parsed(json)));
  }

  static Schema parse(String json) {
    return new Schema.Parser().parse(json);
  }

  /** The schema that the workflow reads with; one that is not Avro's stops the job. */
  static Schema reader(String json) {
    try {
      return parse(json);
    } catch (AvroRuntimeException notAvro) {
      throw JobFailed.forGood("the schema that the workflow reads with: " + notAvro.getMessage());
    }
  }

  private static Optional<Schema> parsed(String json) {
    try {
      return Optional.of(parse(json));
    } catch (AvroRuntimeException notAvro) {
      return Optional.empty();
    }
  }

  /** The schema, or nothing if the registry has none under this id, or one that is not Avro. */
  Optional<Schema> get(int id) throws IOException {
    Optional<Schema> known = byId.get(id);
    if (known != null) return known;
    Long since = missingSince.get(id);
    if (registry == null || since != null && System.nanoTime() - since < MISSING_NANOS) return Optional.empty();
    RegistryAnswer answer = askPatiently(id);
    if (answer.isMissing()) {
      if (missingSince.size() >= MISSING_MAX) missingSince.clear();
      missingSince.put(id, System.nanoTime());
      return Optional.empty();
    }
    Optional<Schema> found = answer.schema().flatMap(SchemaLookup::parsed);
    byId.put(id, found);
    return found;
  }

  private RegistryAnswer askPatiently(int id) throws IOException {
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

  private RegistryAnswer ask(int id) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(registry.resolve(registry.getPath() + "/schemas/ids/" + id)).timeout(Duration.ofSeconds(10));
    if (registry.getUserInfo() != null) {
      byte[] login = registry.getUserInfo().getBytes(StandardCharsets.UTF_8);
      request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(login));
    }
    if (http == null) http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    HttpResponse<String> response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    RegistryAnswer answer = new RegistryAnswer(registry, response.statusCode(), response.body());
    if (answer.isTrouble()) throw new IOException("it answered " + response.statusCode());
    return answer;
  }
}
