package headrace;

import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.Collector;

/**
 * Records, the left rows, with the labels that come for them later, the right rows.
 *
 * <p>Everything counts at its own event time: a record opens, a label comes, a deadline passes, in this order where the
 * times are equal. So nothing depends on which side is read faster. What comes behind the watermark counts from then on.
 * Rows come out with the instant at which their label was decided, which is their event time. Nothing shows that a record
 * has opened before the next label or deadline of its key, so that is when it opens: a timer costs more than the join.
 */
public final class LabelJoin extends KeyedCoProcessFunction<RowData, RowData, RowData, RowData>
    implements CheckpointedFunction {
  private static final long serialVersionUID = 1L;

  private final Columns columns;
  private final LabelRules rules;
  private final String ledgerName;
  private transient ValueState<LabelState> state;
  private transient RowDataSerializer records, labels;
  private transient Ledger ledger;

  public LabelJoin(Columns columns, LabelRules rules, String ledgerName) {
    this.columns = columns;
    this.rules = rules;
    this.ledgerName = ledgerName;
  }

  /** The type of what comes out: the columns, the label the last of them, and the instant at which it was decided. */
  public static InternalTypeInfo<RowData> type(Columns columns, String decidedAt) {
    return columns.type(List.of(new RowType.RowField(decidedAt, new LocalZonedTimestampType(false, 3))));
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    ledger = new Ledger();
    ledger.restore(context.getOperatorStateStore());
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    ledger.snapshot();
  }

  @Override
  public void open(OpenContext context) {
    getRuntimeContext().addAccumulator(ledgerName, ledger);
    records = columns.leftType().toRowSerializer();
    labels = columns.rightType().toRowSerializer();
    TypeInformation<LabelState> type = LabelState.type(columns.leftType(), columns.rightType());
    state = getRuntimeContext().getState(new ValueStateDescriptor<>("labels", type));
  }

  @Override
  public void processElement1(RowData row, Context context, Collector<RowData> out) throws Exception {
    ledger.record();
    if (deadline(row) <= context.timerService().currentWatermark()) {
      ledger.settleRecord(Ledger.Line.RECORDS_LATE);
    } else {
      LabelState key = ofKey();
      RowsByTime.add(key.recordsDue, due(context), records.toBinaryRow(row).copy());
      state.update(key);
      context.timerService().registerEventTimeTimer(deadline(row));
    }
    ledger.show();
  }

  @Override
  public void processElement2(RowData row, Context context, Collector<RowData> out) throws Exception {
    ledger.label();
    LabelState key = ofKey();
    long due = due(context);
    RowsByTime.add(key.labelsDue, due, labels.toBinaryRow(row).copy());
    state.update(key);
    context.timerService().registerEventTimeTimer(due);
    ledger.show();
  }

  /** When what has just come takes effect. */
  private static long due(Context context) {
    return Math.max(context.timestamp(), context.timerService().currentWatermark() + 1);
  }

  private LabelState ofKey() throws Exception {
    LabelState key = state.value();
    return key == null ? new LabelState() : key;
  }

  private long deadline(RowData record) {
    return rules.timeOfRecord(record) + rules.withinMs;
  }

  @Override
  public void onTimer(long now, OnTimerContext context, Collector<RowData> out) throws Exception {
    LabelState key = ofKey();
    for (RowData record : RowsByTime.take(key.recordsDue, Long.MIN_VALUE, now)) open(key, record, context);
    List<RowData> come = RowsByTime.take(key.labelsDue, now, now);
    come.sort(RowOrder::compare); // what decides must not depend on which of one instant was read first
    for (RowData label : come) meet(key, label, RowKey.hasNull(context.getCurrentKey()), now, out);
    long closing = now - rules.withinMs;
    for (RowData record : RowsByTime.take(key.undecided, Long.MIN_VALUE, closing)) close(key, record, now, out);
    RowsByTime.take(key.decided, Long.MIN_VALUE, closing);
    if (key.rememberedUntil != null && key.rememberedUntil < now) key.forget();
    if (key.isEmpty()) state.clear();
    else state.update(key);
    ledger.show();
  }

  private void open(LabelState key, RowData record, OnTimerContext context) {
    long memory = deadline(record) + rules.withinMs;
    RowsByTime.add(key.undecided, rules.timeOfRecord(record), record);
    key.rememberedUntil = key.rememberedUntil == null ? memory : Math.max(memory, key.rememberedUntil);
    context.timerService().registerEventTimeTimer(memory + 1);
  }

  private void meet(LabelState key, RowData label, boolean hasNoKey, long now, Collector<RowData> out) {
    long time = rules.timeOfLabel(label);
    List<RowData> open = RowsByTime.between(key.undecided, time - rules.withinMs, time);
    if (hasNoKey || open.isEmpty() && key.rememberedUntil == null) {
      ledger.settleLabel(Ledger.Line.LABELS_ORPHAN);
    } else if (!open.isEmpty() && rules.lastWins) {
      await(key, label);
    } else if (!open.isEmpty()) {
      decide(key, RowsByTime.take(key.undecided, time - rules.withinMs, time), label, now, out);
    } else if (key.newest != null && time <= key.newest.f1 && !rules.lastWins) {
      correct(key, label, now, out);
    } else {
      ledger.settleLabel(time <= key.rememberedUntil ? Ledger.Line.LABELS_LATE : Ledger.Line.LABELS_ORPHAN);
    }
  }

  /** The first label that comes decides. */
  private void decide(LabelState key, List<RowData> open, RowData label, long now, Collector<RowData> out) {
    for (RowData record : open) {
      out.collect(labelled(record, label, now));
      ledger.settleRecord(Ledger.Line.RECORDS_MATCHED);
      if (rules.relearns) RowsByTime.add(key.decided, rules.timeOfRecord(record), record);
    }
    ledger.settleLabel(Ledger.Line.LABELS_MATCHED);
    key.newest = Tuple3.of(label, deadline(open.get(open.size() - 1)), true);
  }

  /** The last label decides, once the deadline has passed: so the one before it does not. */
  private void await(LabelState key, RowData label) {
    Tuple3<RowData, Long, Boolean> before = key.newest;
    if (before != null && rules.timeOfLabel(before.f0) > rules.timeOfLabel(label)) {
      ledger.settleLabel(repeated(before.f0, label));
      return;
    }
    if (before != null && !before.f2) ledger.settleLabel(repeated(before.f0, label));
    key.newest = Tuple3.of(label, rules.timeOfLabel(label), false);
  }

  /** A label for records that have one already. */
  private void correct(LabelState key, RowData label, long now, Collector<RowData> out) {
    Ledger.Line line = repeated(key.newest.f0, label);
    ledger.settleLabel(line);
    if (line == Ledger.Line.LABELS_DUPLICATE || !rules.relearns) return;
    long time = rules.timeOfLabel(label);
    for (RowData record : RowsByTime.between(key.decided, time - rules.withinMs, time)) {
      out.collect(labelled(record, label, now));
    }
    key.newest = Tuple3.of(label, key.newest.f1, true);
  }

  private Ledger.Line repeated(RowData before, RowData label) {
    return rules.saySame(before, label) ? Ledger.Line.LABELS_DUPLICATE : Ledger.Line.LABELS_CORRECTED;
  }

  /** A record's deadline has passed: the last label decides, or there is none. */
  private void close(LabelState key, RowData record, long now, Collector<RowData> out) {
    Tuple3<RowData, Long, Boolean> label = rules.lastWins ? key.newest : null;
    if (label == null || rules.timeOfLabel(label.f0) < rules.timeOfRecord(record)) {
      ledger.settleRecord(Ledger.Line.RECORDS_ABSENT);
      if (rules.absent != null) out.collect(labelled(record, null, now));
      return;
    }
    if (!label.f2) ledger.settleLabel(Ledger.Line.LABELS_MATCHED);
    key.newest = Tuple3.of(label.f0, label.f1, true);
    ledger.settleRecord(Ledger.Line.RECORDS_MATCHED);
    out.collect(labelled(record, label.f0, now));
  }

  private RowData labelled(RowData record, RowData label, long now) {
    GenericRowData row = columns.join(record, label, 1);
    if (label == null) row.setField(row.getArity() - 2, rules.absent);
    row.setField(row.getArity() - 1, TimestampData.fromEpochMillis(now));
    return row;
  }
}
