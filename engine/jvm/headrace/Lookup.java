package headrace;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.typeutils.ListTypeInfo;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.types.RowKind;

/**
 * Each left row with the newest of the rows that a table, the second input, has for its key.
 *
 * <p>The table is there once its watermark is the last one. Until then left rows wait, as state.
 */
public final class Lookup extends AbstractStreamOperator<RowData>
    implements TwoInputStreamOperator<RowData, RowData, RowData> {
  private static final long serialVersionUID = 1L;

  private final Columns columns;
  private final boolean keepsUnmatched;
  private transient ListStateDescriptor<Tuple2<Long, RowData>> waitingRows;
  private transient ListState<Tuple2<Long, RowData>> waiting;
  private transient ValueState<List<RowData>> table;
  private transient RowDataSerializer leftRows, rightRows;
  private transient boolean isLoaded;

  public Lookup(Columns columns, boolean keepsUnmatched) {
    this.columns = columns;
    this.keepsUnmatched = keepsUnmatched;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    leftRows = columns.leftType().toRowSerializer();
    rightRows = columns.rightType().toRowSerializer();
    waitingRows = new ListStateDescriptor<>("waiting", Types.TUPLE(Types.LONG, columns.leftType()));
    waiting = context.getKeyedStateStore().getListState(waitingRows);
    var rows = new ListTypeInfo<>(columns.rightType());
    table = context.getKeyedStateStore().getState(new ValueStateDescriptor<>("table", rows));
  }

  @Override
  public void processElement1(StreamRecord<RowData> element) throws Exception {
    RowData row = element.getValue();
    if (isLoaded) {
      join(element.getTimestamp(), row);
    } else {
      waiting.add(Tuple2.of(element.getTimestamp(), leftRows.toBinaryRow(row).copy()));
    }
  }

  @Override
  public void processElement2(StreamRecord<RowData> element) throws Exception {
    RowData row = element.getValue();
    List<RowData> rows = table.value() == null ? new ArrayList<>() : table.value();
    if (row.getRowKind() == RowKind.DELETE) {
      rows.removeIf(held -> Place.isSame(held, row));
    } else {
      rows.add(rightRows.toBinaryRow(row).copy());
    }
    table.update(rows.isEmpty() ? null : rows);
  }

  @Override
  public void processWatermark2(Watermark watermark) throws Exception {
    if (watermark.equals(Watermark.MAX_WATERMARK) && !isLoaded) {
      isLoaded = true;
      this.<RowData>getKeyedStateBackend()
          .applyToAllKeys(
              VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, waitingRows, (key, rows) -> release(rows));
    }
    super.processWatermark2(watermark);
  }

  private void release(ListState<Tuple2<Long, RowData>> rows) throws Exception {
    for (Tuple2<Long, RowData> row : rows.get()) join(row.f0, row.f1);
    rows.clear();
  }

  private void join(long time, RowData row) throws Exception {
    RowData found = RowKey.hasNull((RowData) getCurrentKey()) ? null : newest();
    if (found == null && !keepsUnmatched) return;
    output.collect(new StreamRecord<>(columns.join(row, found, 0), time));
  }

  private RowData newest() throws Exception {
    List<RowData> rows = table.value();
    return rows == null ? null : rows.stream().reduce((one, other) -> Place.isAfter(one, other) ? one : other).get();
  }
}
