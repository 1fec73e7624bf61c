"""A part of a plan as operators: records to frames, frames to Python, and what comes back to records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from engine.flink.configuration import MAX_PARALLELISM, JobSettings
from engine.flink.gateway import data_streams, int_array, jvm
from engine.flink.streams import byte_array, to_ms, transform
from engine.plan import Part
from engine.worker.spec import WorkerSpec
from models.pickled import dump
from schemas.durations import parse_duration
from schemas.frames import MAX_FRAME_BYTES
from sinks import ModelStore


def run_part(part: Part, ways: Mapping[str, Any], spec: WorkerSpec, settings: JobSettings) -> Any:
    """What a part gives for the blocks that come by these ways: records, each with the number of its destination."""
    shard_ids = spread(part.shards)
    frames = to_frames(part, ways, settings, shard_ids, in_order=spec.plan.sorts(part))
    learned = _learn(frames, part, spec, settings, shard_ids)
    records = learned.flatMap(jvm().headrace.Unpacker()).returns(byte_array())
    records.startNewChain()  # a thread of its own: it writes one frame while Python learns the next
    return records.name("outputs").uid(f"{part.name}.outputs")


def spread(shards: int) -> list[int]:
    """Flink keys for the shards, spread evenly over the key groups and so over the slots."""
    groups = jvm().org.apache.flink.runtime.state.KeyGroupRangeAssignment
    row = jvm().org.apache.flink.types.Row
    wanted = {int((number + 0.5) * MAX_PARALLELISM / shards): number for number in range(shards)}
    ids = [-1] * shards
    candidate = 0
    while wanted:
        key = row(1)
        key.setField(0, candidate)
        number = wanted.pop(groups.assignToKeyGroup(key, MAX_PARALLELISM), None)
        if number is not None:
            ids[number] = candidate
        candidate += 1
    return ids


def to_frames(
    part: Part, ways: Mapping[str, Any], settings: JobSettings, shard_ids: list[int], *, in_order: bool
) -> Any:
    """The frames of a part, each with the Flink key of its shard; `in_order` sorts their records by event time."""
    from pyflink.common import Types
    from pyflink.datastream import DataStream, KeyedStream

    headrace = jvm().headrace
    row = Types.ROW([Types.INT(), Types.PRIMITIVE_ARRAY(Types.BYTE())]).get_java_type_info()
    batcher = headrace.Batcher(int_array(shard_ids), MAX_FRAME_BYTES, settings.frame_records, settings.linger_ms)
    # joined behind the batchers: one with two inputs would not be chained to its source
    first, *others = [transform(blocks, f"{name}.frames", row, batcher) for name, blocks in ways.items()]
    batched = first.union(data_streams(others)) if others else first
    selector = jvm().org.apache.flink.streaming.api.functions.python.KeyByKeySelector()
    key = Types.ROW([Types.INT()]).get_java_type_info()
    keyed = batched.keyBy(selector, key)
    if in_order:
        sorter = headrace.Sorter(MAX_FRAME_BYTES, settings.frame_records, len(shard_ids))
        batched = transform(keyed, f"{part.name}.order", row, sorter)
        streams = jvm().org.apache.flink.streaming.api.datastream.DataStreamUtils
        keyed = streams.reinterpretAsKeyedStream(batched, selector, key)
    return KeyedStream(keyed, Types.PRIMITIVE_ARRAY(Types.BYTE()), DataStream(batched))


def _learn(frames: Any, part: Part, spec: WorkerSpec, settings: JobSettings, shard_ids: list[int]) -> Any:
    from engine.flink.operator import LearningOperator, OperatorSettings

    stores = [cast(ModelStore, sink.sink) for sink in part.sinks.models]
    of_operator = OperatorSettings(
        shard_ids,
        publish_every_ms=min((to_ms(parse_duration(store.every)) for store in stores), default=0),
        is_ranged=bool(settings.event_range),
        # what was looked up for a frame is in its log, too; in thread mode Python has Flink's state at hand
        jvm_logs=part.learns and not part.lookups and _mode(frames) == "process",
    )
    operator = LearningOperator(spec.plan.workflow, part.name, dump(spec), of_operator)
    outputs = _process_logged(frames, operator) if of_operator.jvm_logs else _process(frames, operator)
    name = "+".join(stage.name for stage in part.stages) or part.name
    return outputs.name(name).uid(f"{part.name}.learn")


def _mode(stream: Any) -> str:
    """Where Python runs: in a "process" of its own, or in a "thread" of the JVM."""
    return str(_configuration(stream).get(jvm().org.apache.flink.python.PythonOptions.PYTHON_EXECUTION_MODE))


def _configuration(stream: Any) -> Any:
    from pyflink.util.java_utils import get_j_env_configuration

    return get_j_env_configuration(stream._j_data_stream.getExecutionEnvironment())


def _process(frames: Any, operator: Any) -> Any:
    from pyflink.common import Types

    return frames.process(operator, Types.PRIMITIVE_ARRAY(Types.BYTE()))._j_data_stream


def _process_logged(frames: Any, operator: Any) -> Any:
    """The same by an operator of ours; PyFlink has no public way to give it one."""
    from pyflink.datastream.data_stream import _create_j_data_stream_python_function_info
    from pyflink.fn_execution.flink_fn_execution_pb2 import UserDefinedDataStreamFunction

    function = _create_j_data_stream_python_function_info(operator, UserDefinedDataStreamFunction.KEYED_PROCESS)
    stream = frames._j_data_stream
    row = stream.getTransformation().getOutputType()
    logged = jvm().headrace.LearningOperator(_configuration(frames), function, row, byte_array())
    return stream.transform("learn", byte_array(), logged)
