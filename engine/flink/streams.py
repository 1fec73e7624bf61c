"""Streams of blocks in the JVM: each record of a topic as bytes, with its event time and what was found of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from engine.flink.cluster import KAFKA_PATIENCE_MS, Cluster, Offsets, Stretch
from engine.flink.configuration import JobSettings
from engine.flink.gateway import data_streams, jvm, string_array
from engine.plan import PARTITION_BITS, Plan, PlannedSource, Reading
from schemas.durations import parse_duration
from sources.kafka_connection import Servers
from sources.kafka_properties import for_flink

REDRIVE = "redrive!"  # no name that an author can give


def read_topic(environment: Any, source: PlannedSource, records: Any, progress: Any, settings: JobSettings) -> Any:
    """The blocks of a source's topics, late ones marked, those outside of the job's range of event times left out.

    `records` is the source of them, a TopicSource, and `progress` knows how far it has come.
    """
    topic, headrace = source.topic, jvm().headrace
    lateness_ms = to_ms(topic.lateness_time)
    idle_ms = 0 if settings.bounded else to_ms(parse_duration(topic.idle))
    blocks = environment.fromSource(
        records,
        headrace.EventTimes(lateness_ms, idle_ms, to_ms(topic.heartbeat_time), progress),
        source.name,
    ).uid(f"{source.name}.source")
    held = headrace.Range(settings.event_range.first_ms, settings.event_range.last_ms)
    gate = f"{source.name}.gate"
    return transform(blocks, gate, byte_array(), headrace.Gate(lateness_ms, held, gate))


def read_table(
    environment: Any, workflow: str, source: PlannedSource, contract: Any, cluster: Cluster, settings: JobSettings
) -> Any:
    """The records of a topic that is a table: its last watermark comes once all are there that were at submission.

    One that goes on to change is read on from there, and holds up no watermark.
    """
    ends = _offsets({topic: stretch.ends for topic, stretch in cluster.stretches[source.name].items()})
    load = _builder(workflow, source, contract, cluster, settings).setBounded(ends).build()
    no_watermarks = jvm().org.apache.flink.api.common.eventtime.WatermarkStrategy.noWatermarks()
    loaded = environment.fromSource(load, no_watermarks, source.name).uid(f"{source.name}.source")
    if source.reading is not Reading.CHANGING_TABLE or settings.bounded:
        return loaded
    changes = _builder(workflow, source, contract, cluster, settings).setStartingOffsets(ends).build()
    name, in_no_order = f"{source.name}.changes", jvm().headrace.OutOfOrder()
    read = environment.fromSource(jvm().headrace.PromptSource(changes), in_no_order, name).uid(name)
    return loaded.union(data_streams([read]))


def read_redriven(environment: Any, plan: Plan, letters: Any, contracts: Mapping[str, Any], cluster: Cluster) -> Any:
    """The records of dead letters that were sent again, examined anew; they come when they come."""
    headrace, topic = jvm().headrace, plan.redrive_topic
    blocks = headrace.RedrivenBlocks(letters)
    for stream in plan.streams:
        topics = list(stream.numbered) if isinstance(stream, PlannedSource) else []
        blocks = blocks.stream(stream.name, string_array(topics), contracts[stream.name])
    for part in plan.parts:
        nodes = [stage.name for stage in part.stages] + [sink.name for sink in part.sinks]
        blocks = blocks.part(string_array(nodes), contracts[part.name])
    source = _connected(
        jvm()
        .org.apache.flink.connector.kafka.source.KafkaSource.builder()
        .setTopics(string_array([topic]))
        .setGroupId(f"headrace-{plan.workflow}")
        .setClientIdPrefix(topic)
        .setStartingOffsets(_offsets({topic: cluster.redrive_from}))
        .setDeserializer(blocks),
        cluster,
    ).build()
    read = environment.fromSource(headrace.PromptSource(source), headrace.OutOfOrder(), REDRIVE).uid(
        f"{REDRIVE}.source"
    )
    return read.setParallelism(1)  # of the one partition that there is


def of_stream(redriven: Any, name: str, number: int, *, whole: bool = False) -> Any:
    """The blocks of one stream, by its position in the plan; where `whole`, only those that it has refused itself.

    The others have reached all that reads it, but for the part on it.
    """
    return redriven.flatMap(jvm().headrace.OfStream(number, whole)).returns(byte_array()).name(name).uid(name)


def transform(stream: Any, name: str, out: Any, operator: Any) -> Any:
    """What an operator of ours makes of a stream; `name` is its id, too."""
    return stream.transform(name, out, operator).uid(name)


def byte_array() -> Any:
    """The type of blocks and frames."""
    return jvm().org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO


def partitions_of(source: PlannedSource) -> Any:
    """How the partitions of a source's topics are numbered."""
    numbers = {topic: number for number, topic in enumerate(source.numbered)}
    return jvm().headrace.Partitions(_java_map(numbers))


def to_ms(duration: timedelta) -> int:
    """A duration in whole milliseconds."""
    return int(duration.total_seconds() * 1000)


def kafka_source(
    workflow: str, source: PlannedSource, contract: Any, progress: Any, cluster: Cluster, settings: JobSettings
) -> Any:
    """The source of Kafka's topics."""
    builder = _builder(workflow, source, contract, cluster, settings)
    stops = _stops(cluster.stretches[source.name], settings)
    return jvm().headrace.AlignedSource((builder if stops is None else builder.setBounded(stops)).build(), progress)


def _builder(workflow: str, source: PlannedSource, contract: Any, cluster: Cluster, settings: JobSettings) -> Any:
    topic, stretches = source.topic, cluster.stretches[source.name]
    builder = _connected(
        jvm()
        .org.apache.flink.connector.kafka.source.KafkaSource.builder()
        .setTopics(string_array(list(stretches)))
        .setGroupId(f"headrace-{workflow}")
        .setClientIdPrefix(f"headrace-{workflow}-{source.name}")
        .setStartingOffsets(_starts(stretches, settings))
        .setDeserializer(jvm().headrace.RecordBlocks(contract)),
        cluster,
    )
    for name, value in topic.properties.items():
        builder = builder.setProperty(name, value)
    return builder


def _connected(builder: Any, cluster: Cluster) -> Any:
    """What a source of Kafka's has to know of the brokers, and that it reads what is committed."""
    builder = builder.setBootstrapServers(cluster.kafka).setProperty("isolation.level", "read_committed")
    builder = builder.setProperty("default.api.timeout.ms", str(KAFKA_PATIENCE_MS))
    for name, value in for_flink(Servers(cluster.kafka).properties).items():
        builder = builder.setProperty(name, value)
    return builder


def _starts(stretches: Mapping[str, Stretch], settings: JobSettings) -> Any:
    starts = {topic: stretch.starts for topic, stretch in stretches.items() if stretch.starts is not None}
    if settings.from_begin or not starts:
        kafka = jvm().org.apache.flink.connector.kafka.source
        return kafka.enumerator.initializer.OffsetsInitializer.earliest()
    return _offsets(starts)


def _stops(stretches: Mapping[str, Stretch], settings: JobSettings) -> Any:
    """Where each partition ends for a job, as its author said and as it was at submission; None where it goes on."""
    stops = {topic: stretch.stops for topic, stretch in stretches.items() if stretch.stops is not None}
    if settings.bounded:
        ended = {topic: stretch.ends for topic, stretch in stretches.items()}
        stops = {
            topic: {at: min(end, stops.get(topic, ends).get(at, end)) for at, end in ends.items()}
            for topic, ends in ended.items()
        }
    return _offsets(stops) if stops else None


def progress_of(source: PlannedSource, cluster: Cluster) -> Any:
    """Where each partition of a source began and ended at submission, by its number."""
    begins: dict[int, int] = {}
    ends: dict[int, int] = {}
    for topic, stretch in cluster.stretches[source.name].items():
        above = source.numbered.index(topic) << PARTITION_BITS
        begins |= {above | partition: offset for partition, offset in stretch.begins.items()}
        ends |= {above | partition: offset for partition, offset in stretch.ends.items()}
    return jvm().headrace.Progress(partitions_of(source), _java_map(begins), _java_map(ends))


def _offsets(found: Mapping[str, Offsets]) -> Any:
    return jvm().headrace.Offsets.of(_java_map({topic: _java_map(offsets) for topic, offsets in found.items()}))


def _java_map(values: Mapping[Any, Any]) -> Any:
    there = jvm().java.util.HashMap()
    for key, value in values.items():
        there.put(key, value)
    return there
