"""Results to files: Flink's file sink, whose files appear with the checkpoint."""

from __future__ import annotations

from typing import Any, cast

from engine.flink.gateway import jvm
from engine.plan import Plan
from engine.workflow import DataSink
from schemas.avro import canonical
from sinks import Folder


def write_files(records: Any, plan: Plan) -> None:
    """Write those of the unpacked `records` that are for the plan's folders."""
    for number, sink in enumerate(plan.folder_sinks, len(plan.topics)):
        chosen = records.filter(jvm().headrace.Destined(number, number + 1))
        chosen.name(sink.name).sinkTo(_file_sink(plan, sink)).name(f"{sink.name}.files").uid(f"{sink.name}.files")


def writes_parquet(plan: Plan) -> bool:
    """Whether a folder of the plan is to hold Parquet files."""
    return any(cast(Folder, sink.sink).format == "parquet" for sink in plan.folder_sinks)


def _file_sink(plan: Plan, sink: DataSink) -> Any:
    folder, headrace = cast(Folder, sink.sink), jvm().headrace
    writer = headrace.AvroFiles if folder.format == "avro" else headrace.ParquetFiles
    filesystem = jvm().org.apache.flink.streaming.api.functions.sink.filesystem
    name = filesystem.OutputFileConfig.builder().withPartPrefix(f"{plan.workflow}-{sink.name}")
    return (
        jvm()
        .org.apache.flink.connector.file.sink.FileSink.forBulkFormat(
            jvm().org.apache.flink.core.fs.Path(folder.uri), writer(canonical(plan.results[sink.name]))
        )
        .withBucketAssigner(filesystem.bucketassigners.BasePathBucketAssigner())
        .withOutputFileConfig(name.withPartSuffix(f".{folder.format}").build())
        .build()
    )
