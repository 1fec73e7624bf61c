package headrace;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.conversion.RowRowConverter;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.Row;

/** The changes of a result, as Flink gives them out, to rows as the relational part has them; each keeps its kind. */
public final class ChangesToRows extends RichMapFunction<Row, RowData> {
  private static final long serialVersionUID = 1L;

  private final DataType type;
  private transient RowRowConverter converter;

  public ChangesToRows(DataType type) {
    this.type = type;
  }

  @Override
  public void open(OpenContext context) {
    converter = RowRowConverter.create(type);
    converter.open(Thread.currentThread().getContextClassLoader());
  }

  @Override
  public RowData map(Row change) {
    return converter.toInternal(change);
  }
}
