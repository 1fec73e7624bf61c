package headrace;

import org.apache.flink.api.common.eventtime.TimestampAssigner;
import org.apache.flink.api.common.eventtime.TimestampAssignerSupplier;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;

/** Records that come whenever somebody sends them: they move no watermark, and none waits for them. */
public final class OutOfOrder implements WatermarkStrategy<byte[]> {
  private static final long serialVersionUID = 1L;

  @Override
  public TimestampAssigner<byte[]> createTimestampAssigner(TimestampAssignerSupplier.Context context) {
    return (block, ignored) -> Block.getLong(block, Block.EVENT_TIME);
  }

  @Override
  public WatermarkGenerator<byte[]> createWatermarkGenerator(WatermarkGeneratorSupplier.Context context) {
    return new WatermarkGenerator<>() {
      @Override
      public void onEvent(byte[] block, long eventTime, WatermarkOutput output) {}

      @Override
      public void onPeriodicEmit(WatermarkOutput output) {
        output.markIdle();
      }
    };
  }
}
