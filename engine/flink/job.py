"""From a plan to a Flink job: Kafka, gate, frames, the learning operator, Kafka again, and files."""

from __future__ import annotations

from typing import Any, cast

from engine.flink.cluster import Cluster
from engine.flink.configuration import MAX_PARALLELISM, JobSettings, configuration
from engine.flink.folders import write_files, writes_parquet
from engine.flink.gateway import data_streams, int_array, job_jars, jvm, string_array
from engine.flink.relational import connect
from engine.flink.streams import (
    REDRIVE,
    byte_array,
    of_stream,
    partitions_of,
    read_redriven,
    read_table,
    read_topic,
    to_ms,
    transform,
)
from engine.plan import Plan, PlannedSource, Reading, Stream
from engine.worker.spec import WorkerSpec
from models.pickled import dump
from schemas.avro import canonical
from schemas.durations import parse_duration
from schemas.errors import Fatal
from schemas.frames import MAX_FRAME_BYTES
from schemas.wire import dead_letter_schema
from sinks import ModelStore
from sources.kafka_connection import Servers
from sources.kafka_properties import for_flink

PRODUCER_BYTES = 32 << 20  # Kafka's own default
TRANSACTION_TIMEOUT_MS = 10 * 60 * 1000  # below the broker's 15 minutes


def build(spec: WorkerSpec, cluster: Cluster, settings: JobSettings, flink: str | None) -> Any:
    """The execution environment that holds the job; `execute_async` starts it."""
    from pyflink.common import Configuration
    from pyflink.datastream import DataStream, StreamExecutionEnvironment

    options = Configuration()
    jars = {"pipeline.jars": ";".join(job_jars(parquet=writes_parquet(spec.plan)))}
    for name, value in (configuration(spec.plan.workflow, settings, flink) | jars).items():
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

    headrace, feed = jvm().headrace, plan.feed.name
    ways = _blocks(environment._j_stream_execution_environment, plan, spec, cluster, settings)
    row = Types.ROW([Types.INT(), Types.PRIMITIVE_ARRAY(Types.BYTE())]).get_java_type_info()
    batcher = headrace.Batcher(int_array(shard_ids), MAX_FRAME_BYTES, settings.frame_records, settings.linger_ms)
    # joined behind the batchers: one with two inputs would not be chained to its source
    first, *others = [transform(blocks, f"{name}.frames", row, batcher) for name, blocks in ways.items()]
    batched = first.union(data_streams(others)) if others else first
    selector = jvm().org.apache.flink.streaming.api.functions.python.KeyByKeySelector()
    key = Types.ROW([Types.INT()]).get_java_type_info()
    keyed = batched.keyBy(selector, key)
    if plan.order == "event_time":
        sorter = headrace.Sorter(MAX_FRAME_BYTES, settings.frame_records)
        in_order = transform(keyed, f"{feed}.order", row, sorter)
        streams = jvm().org.apache.flink.streaming.api.datastream.DataStreamUtils
        keyed, batched = streams.reinterpretAsKeyedStream(in_order, selector, key), in_order
    return KeyedStream(keyed, Types.PRIMITIVE_ARRAY(Types.BYTE()), DataStream(batched))


def _blocks(environment: Any, plan: Plan, spec: WorkerSpec, cluster: Cluster, settings: JobSettings) -> dict[str, Any]:
    """The records that the stages take in, and all that was refused on the way to them; by the way that they come."""
    contracts = {stream.name: _contract(plan, spec, cluster, stream) for stream in plan.streams}
    blocks = {}
    for source in plan.sources:
        read = read_topic if source.reading is Reading.STREAM else read_table
        blocks[source.name] = read(environment, plan.workflow, source, contracts[source.name], cluster, settings)
    redriven = None if settings.bounded or _ends(plan, cluster) else _redriven(environment, plan, spec, cluster)
    feed = plan.feed.name
    ways = {feed: connect(environment, plan, spec, contracts, blocks, redriven) if plan.connections else blocks[feed]}
    if redriven is not None:
        ways[REDRIVE] = of_stream(redriven, feed, plan.streams.index(plan.feed))
    return ways


def _ends(plan: Plan, cluster: Cluster) -> bool:
    """Whether every source ends by itself, and the workflow with them."""
    stretches = [stretch for source in plan.sources for stretch in cluster.stretches[source.name].values()]
    return all(stretch.stops is not None for stretch in stretches)


def _redriven(environment: Any, plan: Plan, spec: WorkerSpec, cluster: Cluster) -> Any:
    """The records of dead letters that were sent again, of all streams; the rule of `max_ahead` is not for them."""
    letters = jvm().headrace.Contract(0, canonical(dead_letter_schema()), None, None, False)
    letters = letters.schemas(cluster.registry, jvm().java.util.HashMap())
    contracts = {stream.name: _contract(plan, spec, cluster, stream, limited=False) for stream in plan.streams}
    return read_redriven(environment, plan, letters, contracts, cluster)


def _contract(plan: Plan, spec: WorkerSpec, cluster: Cluster, stream: Stream, *, limited: bool = True) -> Any:
    """What the JVM has to know of a stream's records."""
    finite = not isinstance(stream, PlannedSource) or stream.topic.non_finite == "reject"
    shard_key = plan.shard_key if stream is plan.feed else None
    known = jvm().java.util.HashMap()
    for schema_id, schema in spec.known[stream.name].items():
        known.put(schema_id, canonical(schema))
    number = plan.streams.index(stream)
    contract = jvm().headrace.Contract(number, canonical(stream.schema), stream.event_time, shard_key, finite)
    if isinstance(stream, PlannedSource):
        contract = contract.numbered(partitions_of(stream))
        if limited:
            contract = contract.limits(to_ms(parse_duration(stream.topic.max_ahead)), MAX_FRAME_BYTES)
    return contract.sharded(plan.shards).schemas(cluster.registry, known)


def _learn(frames: Any, spec: WorkerSpec, shard_ids: list[int]) -> Any:
    from pyflink.common import Types

    from engine.flink.operator import LearningOperator

    plan = spec.plan
    every_ms = min((to_ms(parse_duration(cast(ModelStore, sink.sink).every)) for sink in plan.model_sinks), default=0)
    operator = LearningOperator(plan.workflow, dump(spec), shard_ids, every_ms)
    name = "+".join(stage.name for stage in plan.stages)
    return frames.process(operator, Types.PRIMITIVE_ARRAY(Types.BYTE())).name(name).uid(f"{plan.feed.name}.learn")


def _write(frames: Any, plan: Plan, cluster: Cluster) -> None:
    headrace, kafka = jvm().headrace, jvm().org.apache.flink.connector.kafka.sink.KafkaSink
    guarantee = jvm().org.apache.flink.connector.base.DeliveryGuarantee
    sink = (
        kafka.builder()
        .setBootstrapServers(cluster.kafka)
        .setRecordSerializer(headrace.OutputRecords(string_array(list(plan.topics))))
        .setDeliveryGuarantee(guarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix(f"headrace-{plan.workflow}")
        .setProperty("transaction.timeout.ms", str(TRANSACTION_TIMEOUT_MS))
        .setProperty("max.request.size", str(cluster.max_request_bytes))
        .setProperty("buffer.memory", str(max(PRODUCER_BYTES, 2 * cluster.max_request_bytes)))
        .setProperty("linger.ms", "5")
        .setProperty("batch.size", str(256 << 10))
    )
    for name, value in for_flink(Servers(cluster.kafka).properties).items():
        sink = sink.setProperty(name, value)
    records = frames._j_data_stream.flatMap(headrace.Unpacker()).returns(byte_array())
    records.startNewChain()  # a thread of its own: it writes one frame while Python learns the next
    records.name("outputs").uid(f"{plan.feed.name}.outputs")
    to_kafka = records.filter(headrace.Destined(0, len(plan.topics))) if plan.folder_sinks else records
    to_kafka.sinkTo(sink.build()).name("kafka").uid(f"{plan.feed.name}.kafka")
    write_files(records, plan)
