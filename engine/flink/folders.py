"""Results to files: Flink's file sink, whose files appear with the checkpoint."""

from __future__ import annotations

from typing import Any, cast

from engine.flink.gateway import jvm
from engine.plan import Part, Plan, Schema
from engine.workflow import DataSink
from schemas.avro import canonical
from sinks import Folder


def write_files(records: Any, plan: Plan, part: Part) -> None:
    """Write those of the unpacked `records` of a part that are for folders."""
    for sink in part.sinks.folders:
        number = plan.destinations.index(sink.name)
        chosen = records.filter(jvm().headrace.Destined(number, number + 1))
        chosen.name(sink.name).sinkTo(_file_sink(plan.workflow, sink, part.results[sink.name])).name(
            f"{sink.name}.files"
        ).uid(f"{sink.name}.files")


def writes_parquet(plan: Plan) -> bool:
    """Whether a folder of the plan is to hold Parquet files."""
    return any(cast(Folder, sink.sink).format == "parquet" for sink in plan.sinks.folders)


def _file_sink(workflow: str, sink: DataSink, schema: Schema) -> Any:
    folder, headrace = cast(Folder, sink.sink), jvm().headrace
    writer = headrace.AvroFiles if folder.format == "avro" else headrace.ParquetFiles
    filesystem = jvm().org.apache.flink.streaming.api.functions.sink.filesystem
    name = filesystem.OutputFileConfig.builder().withPartPrefix(f"{workflow}-{sink.name}")
    return (
        jvm()
        .org.apache.flink.connector.file.sink.FileSink.forBulkFormat(
            jvm().org.apache.flink.core.fs.Path(folder.uri), writer(canonical(schema))
        )
        .withBucketAssigner(filesystem.bucketassigners.BasePathBucketAssigner())
        .withOutputFileConfig(name.withPartSuffix(f".{folder.format}").build())
        .build()
    )
