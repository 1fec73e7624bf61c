package headrace;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.functions.python.DataStreamPythonFunctionInfo;
import org.apache.flink.streaming.api.operators.python.process.AbstractExternalDataStreamPythonFunctionOperator;
import org.apache.flink.streaming.api.operators.python.process.ExternalPythonKeyedProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.types.Row;

/**
 * The JVM's half of the learning plane: adds each frame to the learn-log of its shard, and gives it to Python then.
 *
 * <p>Python would have to send every frame back, and to wait for the answer. The log is Python's own list state: Python
 * reads it, and clears it with each snapshot (engine/flink/operator.py).
 */
public final class LearningOperator extends ExternalPythonKeyedProcessOperator<byte[]> {
  private static final long serialVersionUID = 1L;
  /** What PyFlink calls the list state "learn-log". */
  private static final String LOG = "python-state-learn-log";
  private static final byte PROTO = (byte) 0x80, VERSION = 3, BINBYTES = 'B', STOP = '.';

  private final ListStateDescriptor<byte[]> log = new ListStateDescriptor<>(LOG, BytePrimitiveArraySerializer.INSTANCE);

  public LearningOperator(
      Configuration configuration,
      DataStreamPythonFunctionInfo function,
      RowTypeInfo frames,
      TypeInformation<byte[]> outputs) {
    super(configuration, function, frames, outputs);
  }

  @Override
  public void processElement(StreamRecord<Row> element) throws Exception {
    log().add(entry((byte[]) element.getValue().getField(1)));
    super.processElement(element);
  }

  /** Unlike that of the base class a copy of this kind: frames that are in no log would be lost in a crash. */
  @Override
  @SuppressWarnings("unchecked")
  public <T> AbstractExternalDataStreamPythonFunctionOperator<T> copy(
      DataStreamPythonFunctionInfo function, TypeInformation<T> outputs) {
    var bytes = (TypeInformation<byte[]>) outputs;
    var copy = new LearningOperator(config, function, (RowTypeInfo) getInputTypeInfo(), bytes);
    return (AbstractExternalDataStreamPythonFunctionOperator<T>) (Object) copy;
  }

  /** That of the shard at hand. A frame is a bundle, so Python asks for no state meanwhile. */
  private ListState<byte[]> log() throws Exception {
    getKeyedStateBackend().setCurrentKey(getCurrentKey());
    return getKeyedStateBackend().getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, log);
  }

  /** A frame as PyFlink keeps an object: its size, and a pickle of `bytes`. */
  private static byte[] entry(byte[] frame) {
    int size = 8 + frame.length;
    ByteBuffer entry = ByteBuffer.allocate(4 + size).putInt(size);
    entry.put(PROTO).put(VERSION).put(BINBYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(frame.length);
    return entry.put(frame).put(STOP).array();
  }
}
