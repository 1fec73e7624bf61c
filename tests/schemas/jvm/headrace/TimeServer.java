package headrace;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.util.clock.ManualClock;
import org.apache.flink.util.clock.RelativeClock;

/** What the gate and the event times of a source make of records, at a time that the test tells. */
final class TimeServer {
  private static final long NOTHING = Long.MIN_VALUE, IDLE = Long.MAX_VALUE;

  private TimeServer() {}

  /** Lateness, first and last event time of the range, and a frame: the frame of the records that pass. */
  static byte[] gated(byte[] request) {
    ByteBuffer rest = ByteBuffer.wrap(request);
    Gate gate = new Gate(rest.getLong(), new Range(rest.getLong(), rest.getLong()), "gate");
    FrameBuilder passed = new FrameBuilder();
    byte[] frame = new byte[rest.remaining()];
    rest.get(frame);
    FrameBuilder.each(
        frame,
        block -> {
          if (gate.passes(block)) passed.add(block);
        });
    return passed.build();
  }

  /**
   * Lateness, idle timeout and heartbeat; how many partitions, and of each where it is read from, where it ended at submission
   * and its largest event time so far; then steps: 'c' and ms that go by, 'r' and partition, offset and event time of a
   * record, 'p' for an answer: what each partition says of its watermark, the last that it said if it says nothing.
   */
  static byte[] timed(byte[] request) {
    ByteBuffer rest = ByteBuffer.wrap(request), answer = ByteBuffer.allocate(request.length * Long.BYTES);
    long lateness = rest.getLong(), idle = rest.getLong(), heartbeat = rest.getLong();
    int count = rest.getInt();
    long[][] partitions = new long[count][];
    Map<Integer, Long> ends = new HashMap<>();
    for (int partition = 0; partition < count; partition++) {
      partitions[partition] = new long[] {rest.getLong(), rest.getLong(), rest.getLong()};
      ends.put(partition, partitions[partition][1]);
    }
    Progress progress = new Progress(new Partitions(Map.of()), Map.of(), ends);
    for (int partition = 0; partition < count; partition++) {
      progress.assigned(partition, partitions[partition][0], partitions[partition][2]);
    }
    ManualClock clock = new ManualClock();
    EventTimes times = new EventTimes(lateness, idle, heartbeat, progress);
    Said main = new Said(times.createWatermarkGenerator(new Clocked(clock)));
    List<Said> saying = new ArrayList<>();
    for (int partition = 0; partition < count; partition++) {
      saying.add(new Said(times.createWatermarkGenerator(new Clocked(clock))));
    }
    while (rest.hasRemaining()) {
      switch (rest.get()) {
        case 'c' -> clock.advanceTime(Duration.ofMillis(rest.getLong()));
        case 'r' -> read(saying, rest.getInt(), rest);
        default -> {
          main.generator.onPeriodicEmit(main);
          if (main.last != NOTHING && main.last != IDLE) throw new AssertionError("a watermark of no partition");
          for (Said said : saying) {
            said.generator.onPeriodicEmit(said);
            answer.putLong(said.last);
          }
        }
      }
    }
    byte[] answered = new byte[answer.position()];
    answer.flip().get(answered);
    return answered;
  }

  /**
   * Lateness, the number of partitions, and a frame of records as they come; those with another key than null come right
   * before a watermark. Gives the records in the order that the sorter releases them, and those that are late last.
   */
  static byte[] merged(byte[] request) {
    ByteBuffer rest = ByteBuffer.wrap(request);
    long lateness = rest.getLong();
    Progress progress = new Progress(new Partitions(Map.of()), Map.of(), Map.of());
    EventTimes times = new EventTimes(lateness, 0, 0, progress);
    Gate gate = new Gate(lateness, Range.ALL, "gate");
    Waiting waiting = new Waiting(null);
    FrameBuilder released = new FrameBuilder();
    times.createWatermarkGenerator(new Clocked(new ManualClock()));
    List<Said> saying = new ArrayList<>();
    for (int left = rest.getInt(); left > 0; left--) {
      saying.add(new Said(times.createWatermarkGenerator(new Clocked(new ManualClock()))));
    }
    byte[] frame = new byte[rest.remaining()];
    rest.get(frame);
    FrameBuilder.each(
        frame,
        block -> {
          Said said = saying.get(Block.getInt(block, Block.PARTITION));
          said.generator.onEvent(block, Block.getLong(block, Block.EVENT_TIME), said);
          if (gate.passes(block)) waiting.add(block);
          if (Block.getInt(block, Block.KEY_SIZE) >= 0) release(waiting, watermark(saying), released);
        });
    release(waiting, Long.MAX_VALUE, released);
    waiting.refused.forEach(released::add);
    return released.build();
  }

  private static long watermark(List<Said> saying) {
    saying.forEach(said -> said.generator.onPeriodicEmit(said));
    return saying.stream().mapToLong(said -> said.last).min().orElseThrow();
  }

  private static void release(Waiting waiting, long watermark, FrameBuilder released) {
    while (waiting.isDue(watermark)) released.add(waiting.next());
  }

  private static void read(List<Said> saying, int partition, ByteBuffer rest) {
    saying.get(partition).read(partition, rest.getLong(), rest.getLong());
  }

  /** A generator, and what it said last; as in Flink, a watermark does not go back. */
  private static final class Said implements WatermarkOutput {
    final WatermarkGenerator<byte[]> generator;
    long highest = NOTHING, last = NOTHING;

    Said(WatermarkGenerator<byte[]> generator) {
      this.generator = generator;
    }

    void read(int partition, long offset, long time) {
      byte[] block = new byte[Block.ENTRY];
      Block.putInt(block, Block.PARTITION, partition);
      Block.putLong(block, Block.OFFSET, offset);
      Block.putLong(block, Block.EVENT_TIME, time);
      block[Block.STATUS] = Status.OK.code();
      generator.onEvent(block, time, this);
    }

    @Override
    public void emitWatermark(Watermark watermark) {
      highest = Math.max(highest, watermark.getTimestamp());
      last = highest;
    }

    @Override
    public void markIdle() {
      last = IDLE;
    }

    @Override
    public void markActive() {}
  }

  private record Clocked(RelativeClock clock) implements WatermarkGeneratorSupplier.Context {
    @Override
    public MetricGroup getMetricGroup() {
      throw new UnsupportedOperationException();
    }

    @Override
    public RelativeClock getInputActivityClock() {
      return clock;
    }
  }
}
