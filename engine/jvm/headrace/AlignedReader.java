package headrace;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.util.concurrent.FutureUtils;

/** A reader that tells how far it has come, and waits while it is too far ahead of the job's other readers. */
final class AlignedReader extends PromptReader {
  private static final Duration BETWEEN = Duration.ofMillis(100);
  /** Looking at the clock for each record would cost more than a few records are worth. */
  private static final int AT_ONCE = 64;

  private final Progress progress;
  private final SourceReaderContext context;
  private long count;
  private boolean wasBehind;
  private long toldNanos;
  /** Done when it is time to ask again; null while this reader is not ahead. */
  private CompletableFuture<Void> pause;

  AlignedReader(SourceReader<byte[], KafkaPartitionSplit> kafka, Progress progress, SourceReaderContext context) {
    super(kafka);
    this.progress = progress;
    this.context = context;
  }

  @Override
  public InputStatus pollNext(ReaderOutput<byte[]> output) throws Exception {
    if (pause != null) return ask();
    InputStatus status = super.pollNext(output);
    if (status != InputStatus.MORE_AVAILABLE || ++count % AT_ONCE == 0) tell(status != InputStatus.END_OF_INPUT);
    return status;
  }

  private InputStatus ask() {
    tellReached();
    pause = pause();
    return InputStatus.NOTHING_AVAILABLE;
  }

  private static CompletableFuture<Void> pause() {
    CompletableFuture<Void> pause = new CompletableFuture<>();
    FutureUtils.completeDelayed(pause, null, BETWEEN);
    return pause;
  }

  private void tell(boolean goesOn) {
    boolean isBehind = goesOn && progress.isBehind();
    if (isBehind && (!wasBehind || System.nanoTime() - toldNanos > BETWEEN.toNanos())) tellReached();
    if (!isBehind && wasBehind) context.sendSourceEventToCoordinator(new Alignment.CaughtUp());
    wasBehind = isBehind;
  }

  private void tellReached() {
    toldNanos = System.nanoTime();
    context.sendSourceEventToCoordinator(new Alignment.Reached(progress.reached(), count));
  }

  @Override
  public CompletableFuture<Void> isAvailable() {
    return pause == null ? super.isAvailable() : pause;
  }

  @Override
  public void handleSourceEvents(SourceEvent event) {
    if (event instanceof Alignment.Answer answer) answered(answer.isAhead() && wasBehind);
    else super.handleSourceEvents(event);
  }

  private void answered(boolean isAhead) {
    CompletableFuture<Void> before = pause;
    if (isAhead && before != null) return;
    pause = isAhead ? pause() : null;
    if (before != null) before.complete(null);
  }
}
