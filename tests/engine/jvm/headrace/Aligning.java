package headrace;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;

/** Does what it is told on standard input, a line each, and says what came of it. */
public final class Aligning {
  private static final TopicPartition PARTITION = new TopicPartition("readings", 0);

  private final Alignment alignment = Alignment.of("job");
  private final Progress progress;
  private final SourceReader<byte[], KafkaPartitionSplit> reader;

  private Aligning(long end) {
    progress = new Progress(new Partitions(Map.of(PARTITION.topic(), 0)), Map.of(0, 0L), Map.of(0, end));
    progress.assigned(new KafkaPartitionSplit(PARTITION, 0), Block.NO_EVENT_TIME);
    reader = new AlignedReader(fake(SourceReader.class, this::kafka), progress, fake(SourceReaderContext.class, this::says));
  }

  public static void main(String[] arguments) throws Exception {
    Aligning aligning = new Aligning(Long.parseLong(arguments[0]));
    for (String line : new BufferedReader(new InputStreamReader(System.in)).lines().toList()) {
      aligning.does(List.of(line.split(" ")));
    }
  }

  private void does(List<String> told) throws Exception {
    switch (told.get(0)) {
      case "reached" -> reached(told.get(1), number(told, 2), number(told, 3), number(told, 4));
      case "caught-up" -> alignment.forget(id(told.get(1)));
      case "closed" -> alignment.forgetAll(told.get(1).intern());
      case "poll" -> poll(number(told, 1));
      case "answer" -> reader.handleSourceEvents(new Alignment.Answer(told.get(1).equals("ahead")));
      case "wait" -> reader.isAvailable().get();
      default -> throw new IllegalArgumentException(told.get(0));
    }
  }

  private void reached(String name, long eventTime, long count, long second) {
    Alignment.Reached reached = new Alignment.Reached(eventTime, count);
    System.out.println(alignment.isAhead(id(name), reached, second * 1_000_000_000) ? "waits" : "goes on");
  }

  private void poll(long times) throws Exception {
    InputStatus last = null;
    for (long i = 0; i < times; i++) last = reader.pollNext(null);
    System.out.println(last + (reader.isAvailable().isDone() ? "" : ", later"));
  }

  /** A reader of Kafka that has one record after the other, each a millisecond later, up to the end. */
  private Object kafka(String method, Object argument) {
    Progress.Position position = progress.of(0);
    return switch (method) {
      case "isAvailable" -> position.next < position.end ? CompletableFuture.completedFuture(null) : new CompletableFuture<>();
      case "pollNext" -> {
        if (position.next == position.end) yield InputStatus.NOTHING_AVAILABLE;
        position.largest = position.next++;
        yield InputStatus.MORE_AVAILABLE;
      }
      default -> throw new IllegalStateException(method);
    };
  }

  private Object says(String method, Object event) {
    System.out.println(event);
    return null;
  }

  private static Alignment.Id id(String name) {
    return new Alignment.Id(name.substring(0, 1).intern(), Integer.parseInt(name.substring(1)));
  }

  private static long number(List<String> told, int position) {
    return Long.parseLong(told.get(position));
  }

  @SuppressWarnings("unchecked")
  private static <T> T fake(Class<?> type, BiFunction<String, Object, Object> does) {
    return (T) Proxy.newProxyInstance(
        type.getClassLoader(),
        new Class<?>[] {type},
        (proxy, method, given) -> does.apply(method.getName(), given == null ? null : given[0]));
  }
}
