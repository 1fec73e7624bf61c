package headrace;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.parquet.avro.AvroParquetWriter;
import org.apache.parquet.avro.AvroWriteSupport;
import org.apache.parquet.conf.ParquetConfiguration;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/** Writes unpacked records, whose values are Avro, to Parquet files; no part of Hadoop is needed for that. */
public final class ParquetFiles implements BulkWriter.Factory<byte[]> {
  private static final long serialVersionUID = 1L;
  private static final long ROW_GROUP_BYTES = 16L << 20; // held in memory, by each slot and sink

  private final String schema;

  /** @param schema Avro schema of the records, as JSON */
  public ParquetFiles(String schema) {
    this.schema = schema;
  }

  @Override
  public BulkWriter<byte[]> create(FSDataOutputStream out) throws IOException {
    Schema parsed = new Schema.Parser().parse(schema);
    ParquetConfiguration configuration = new PlainParquetConfiguration();
    configuration.setBoolean(AvroWriteSupport.WRITE_OLD_LIST_STRUCTURE, false); // it has no place for null elements
    ParquetWriter<GenericRecord> file =
        AvroParquetWriter.<GenericRecord>builder(new ParquetOutput(out))
            .withConf(configuration)
            .withSchema(parsed)
            .withDataModel(GenericData.get())
            .withRowGroupSize(ROW_GROUP_BYTES)
            .withCodecFactory(new ParquetGzip())
            .withCompressionCodec(CompressionCodecName.GZIP)
            .build();
    return new Writer(file, new GenericDatumReader<>(parsed));
  }

  private static final class Writer implements BulkWriter<byte[]> {
    private final ParquetWriter<GenericRecord> file;
    private final GenericDatumReader<GenericRecord> reader;
    private BinaryDecoder decoder;

    Writer(ParquetWriter<GenericRecord> file, GenericDatumReader<GenericRecord> reader) {
      this.file = file;
      this.reader = reader;
    }

    @Override
    public void addElement(byte[] record) throws IOException {
      ByteBuffer value = Unpacker.avro(record);
      decoder = DecoderFactory.get().binaryDecoder(value.array(), value.position(), value.remaining(), decoder);
      file.write(reader.read(null, decoder));
    }

    /** A row group is written when it is full, and at the end. */
    @Override
    public void flush() {}

    @Override
    public void finish() throws IOException {
      file.close();
    }
  }
}
