package headrace;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** What waits of one shard: the good records in the order (event time, partition, offset), and those that were refused. */
final class Waiting {
  private static final Comparator<byte[]> ORDER =
      Comparator.<byte[]>comparingLong(block -> Block.getLong(block, Block.EVENT_TIME))
          .thenComparingInt(block -> Block.getInt(block, Block.PARTITION))
          .thenComparingLong(block -> Block.getLong(block, Block.OFFSET));

  final PriorityQueue<byte[]> good = new PriorityQueue<>(ORDER);
  final List<byte[]> refused = new ArrayList<>();
  final FrameLimit limit;
  private long lastTime = Long.MIN_VALUE, lastStandIn;
  private int equal;

  Waiting(FrameLimit limit) {
    this.limit = limit;
  }

  void add(byte[] block) {
    (Block.status(block) == Status.OK ? good : refused).add(block);
  }

  /** Whether the newest of those refused was sent again; nothing more may come that it could pass with. */
  boolean isRefusedAgain() {
    return !refused.isEmpty() && Block.isRedriven(refused.get(refused.size() - 1));
  }

  boolean isDue(long watermark) {
    return !good.isEmpty() && Block.getLong(good.peek(), Block.EVENT_TIME) <= watermark;
  }

  byte[] next() {
    byte[] block = good.poll();
    if (Block.getInt(block, Block.PARTITION) != RowsToBlocks.NO_PARTITION) return block;
    long time = Block.getLong(block, Block.EVENT_TIME), standIn = Block.getLong(block, Block.OFFSET);
    equal = time == lastTime && standIn == lastStandIn ? equal + 1 : 0;
    lastTime = time;
    lastStandIn = standIn;
    Block.putLong(block, Block.OFFSET, standIn + equal);
    return block;
  }

  List<byte[]> frames(int maxBytes) {
    List<byte[]> frames = new ArrayList<>();
    FrameBuilder packed = new FrameBuilder();
    for (Collection<byte[]> blocks : List.of(good, refused)) {
      for (byte[] block : blocks) {
        if (packed.size() + block.length > maxBytes && packed.count() > 0) frames.add(packed.build());
        packed.add(block);
      }
    }
    if (packed.count() > 0) frames.add(packed.build());
    return frames;
  }
}
