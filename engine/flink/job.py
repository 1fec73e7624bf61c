"""From a plan to a Flink job: Kafka, gate, frames, the learning operator, and Kafka again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from engine.flink.cluster import Cluster
from engine.flink.configuration import MAX_PARALLELISM, JobSettings, configuration
from engine.flink.gateway import int_array, jvm, string_array
from engine.plan import Plan
from engine.worker.spec import WorkerSpec
from models.pickled import dump
from schemas.avro import canonical
from schemas.durations import parse_duration
from schemas.errors import Fatal
from schemas.frames import MAX_FRAME_BYTES
from sinks import ModelStore

PRODUCER_BYTES = 32 << 20  # Kafka's own default
TRANSACTION_TIMEOUT_MS = 10 * 60 * 1000  # below the broker's 15 minutes


def build(spec: WorkerSpec, cluster: Cluster, settings: JobSettings, flink: str | None) -> Any:
    """The execution environment that holds the job; `execute_async` starts it."""
    from pyflink.common import Configuration
    from pyflink.datastream import DataStream, StreamExecutionEnvironment

    options = Configuration()
    for name, value in configuration(spec.plan.workflow, settings, flink).items():
        options.set_string(name, value)
    java_environment = jvm().org.apache.flink.streaming.api.environment.StreamExecutionEnvironment
    environment = StreamExecutionEnvironment(
        java_environment.getExecutionEnvironment(options._j_configuration)
        if flink is None
        else java_environment(options._j_configuration)
    )
    shard_ids = spread(spec.plan.shards)
    frames = _frames(environment, spec.plan, spec, cluster, settings, shard_ids)
    learned = _learn(frames, spec, shard_ids)
    _write(DataStream(learned._j_data_stream), spec.plan, cluster)
    return environment


def submit(environment: Any, workflow: str) -> str:
    """Hand a job to its cluster and return its id. Raises Fatal with Flink's innermost reason where it is refused."""
    from py4j.protocol import Py4JJavaError

    try:
        return str(environment.execute_async(workflow).get_job_id())
    except Py4JJavaError as error:
        cause = error.java_exception
        while cause.getCause() is not None:
            cause = cause.getCause()
        raise Fatal(f'workflow "{workflow}": Flink does not take the job: {cause.toString()}') from error


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


def _frames(
    environment: Any, plan: Plan, spec: WorkerSpec, cluster: Cluster, settings: JobSettings, shard_ids: list[int]
) -> Any:
    from pyflink.common import Types
    from pyflink.datastream import DataStream, KeyedStream

    headrace, topic = jvm().headrace, plan.topic
    lateness_ms = _ms(topic.lateness_time)
    blocks = environment._j_stream_execution_environment.fromSource(
        _kafka_source(plan, spec, cluster, settings), _event_times(plan, cluster, settings), plan.source.name
    ).uid(f"{plan.source.name}.source")
    gated = _transform(blocks, f"{plan.source.name}.gate", _bytes(), headrace.Gate(lateness_ms))
    row = Types.ROW([Types.INT(), Types.PRIMITIVE_ARRAY(Types.BYTE())]).get_java_type_info()
    batcher = headrace.Batcher(int_array(shard_ids), MAX_FRAME_BYTES, settings.frame_records, settings.linger_ms)
    batched = _transform(gated, f"{plan.source.name}.frames", row, batcher)
    selector = jvm().org.apache.flink.streaming.api.functions.python.KeyByKeySelector()
    key = Types.ROW([Types.INT()]).get_java_type_info()
    keyed = batched.keyBy(selector, key)
    if plan.order == "event_time":
        sorter = headrace.Sorter(MAX_FRAME_BYTES, settings.frame_records)
        in_order = _transform(keyed, f"{plan.source.name}.order", row, sorter)
        streams = jvm().org.apache.flink.streaming.api.datastream.DataStreamUtils
        keyed, batched = streams.reinterpretAsKeyedStream(in_order, selector, key), in_order
    return KeyedStream(keyed, Types.PRIMITIVE_ARRAY(Types.BYTE()), DataStream(batched))


def _learn(frames: Any, spec: WorkerSpec, shard_ids: list[int]) -> Any:
    from pyflink.common import Types

    from engine.flink.operator import LearningOperator

    plan = spec.plan
    every_ms = min((_ms(parse_duration(cast(ModelStore, sink.sink).every)) for sink in plan.model_sinks), default=0)
    operator = LearningOperator(plan.workflow, dump(spec), shard_ids, every_ms)
    name = "+".join(stage.name for stage in plan.stages)
    return frames.process(operator, Types.PRIMITIVE_ARRAY(Types.BYTE())).name(name).uid(f"{plan.source.name}.learn")


def _write(frames: Any, plan: Plan, cluster: Cluster) -> None:
    kafka = jvm().org.apache.flink.connector.kafka.sink.KafkaSink
    guarantee = jvm().org.apache.flink.connector.base.DeliveryGuarantee
    sink = (
        kafka.builder()
        .setBootstrapServers(cluster.kafka)
        .setRecordSerializer(jvm().headrace.OutputRecords(string_array(list(plan.topics))))
        .setDeliveryGuarantee(guarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix(f"headrace-{plan.workflow}")
        .setProperty("transaction.timeout.ms", str(TRANSACTION_TIMEOUT_MS))
        .setProperty("max.request.size", str(cluster.max_request_bytes))
        .setProperty("buffer.memory", str(max(PRODUCER_BYTES, 2 * cluster.max_request_bytes)))
        .setProperty("linger.ms", "5")
        .setProperty("batch.size", str(256 << 10))
        .build()
    )
    records = frames._j_data_stream.flatMap(jvm().headrace.Unpacker()).returns(_bytes())
    records.startNewChain()  # a thread of its own: it writes one frame while Python learns the next
    records.name("outputs").uid(f"{plan.source.name}.outputs").sinkTo(sink).name("kafka").uid(
        f"{plan.source.name}.kafka"
    )


def _kafka_source(plan: Plan, spec: WorkerSpec, cluster: Cluster, settings: JobSettings) -> Any:
    topic = plan.topic
    known = jvm().java.util.HashMap()
    for schema_id, schema in spec.known.items():
        known.put(schema_id, canonical(schema))
    contract = jvm().headrace.Contract(
        0, canonical(plan.reader), topic.event_time, plan.shard_key, topic.non_finite == "reject"
    )
    contract = contract.limits(_ms(parse_duration(topic.max_ahead)), MAX_FRAME_BYTES).sharded(plan.shards)
    offsets = jvm().org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer
    builder = (
        jvm()
        .org.apache.flink.connector.kafka.source.KafkaSource.builder()
        .setBootstrapServers(cluster.kafka)
        .setTopics(string_array([topic.topic]))
        .setGroupId(f"headrace-{plan.workflow}")
        .setClientIdPrefix(f"headrace-{plan.workflow}-{plan.source.name}")
        .setStartingOffsets(getattr(offsets, topic.start)())
        .setDeserializer(jvm().headrace.RecordBlocks(contract.schemas(cluster.registry, known)))
        .setProperty("isolation.level", "read_committed")
    )
    if settings.bounded:
        builder = builder.setBounded(jvm().headrace.Ends.of(topic.topic, _ends(cluster)))
    return builder.build()


def _event_times(plan: Plan, cluster: Cluster, settings: JobSettings) -> Any:
    idle_ms = 0 if settings.bounded else _ms(parse_duration(plan.topic.idle))
    return jvm().headrace.EventTimes(_ms(plan.topic.lateness_time), idle_ms, _ends(cluster))


def _ends(cluster: Cluster) -> Any:
    ends = jvm().java.util.HashMap()
    for partition, end in cluster.end_offsets.items():
        ends.put(partition, end)
    return ends


def _transform(stream: Any, name: str, out: Any, operator: Any) -> Any:
    return stream.transform(name, out, operator).uid(name)


def _bytes() -> Any:
    info = jvm().org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo
    return info.BYTE_PRIMITIVE_ARRAY_TYPE_INFO


def _ms(duration: timedelta) -> int:
    return int(duration.total_seconds() * 1000)
