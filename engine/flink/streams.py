"""Streams of blocks in the JVM: each record of a topic as bytes, with its event time and what was found of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from engine.flink.cluster import Cluster
from engine.flink.configuration import JobSettings
from engine.flink.gateway import data_streams, jvm, string_array
from engine.plan import PlannedSource, Reading
from schemas.durations import parse_duration


def read_topic(
    environment: Any, workflow: str, source: PlannedSource, contract: Any, cluster: Cluster, settings: JobSettings
) -> Any:
    """The records of a topic, late ones marked."""
    topic, headrace = source.topic, jvm().headrace
    ends = _java_map(cluster.end_offsets[topic.topic])
    lateness_ms = to_ms(topic.lateness_time)
    idle_ms = 0 if settings.bounded else to_ms(parse_duration(topic.idle))
    blocks = environment.fromSource(
        _kafka_source(workflow, source, contract, cluster, ends if settings.bounded else None),
        headrace.EventTimes(lateness_ms, idle_ms, ends),
        source.name,
    ).uid(f"{source.name}.source")
    return transform(blocks, f"{source.name}.gate", byte_array(), headrace.Gate(lateness_ms))


def read_table(
    environment: Any, workflow: str, source: PlannedSource, contract: Any, cluster: Cluster, settings: JobSettings
) -> Any:
    """The records of a topic that is a table: its last watermark comes once all are there that were at submission.

    One that goes on to change is read on from there, and holds up no watermark.
    """
    ends = jvm().headrace.Ends.of(source.topic.topic, _java_map(cluster.end_offsets[source.topic.topic]))
    strategies = jvm().org.apache.flink.api.common.eventtime.WatermarkStrategy
    load = _builder(workflow, source, contract, cluster).setBounded(ends).build()
    loaded = environment.fromSource(load, strategies.noWatermarks(), source.name).uid(f"{source.name}.source")
    if source.reading is not Reading.CHANGING_TABLE or settings.bounded:
        return loaded
    changes = _builder(workflow, source, contract, cluster).setStartingOffsets(ends).build()
    never = strategies.noWatermarks().withIdleness(jvm().java.time.Duration.ofSeconds(1))
    name = f"{source.name}.changes"
    return loaded.union(data_streams([environment.fromSource(changes, never, name).uid(name)]))


def transform(stream: Any, name: str, out: Any, operator: Any) -> Any:
    """What an operator of ours makes of a stream; `name` is its id, too."""
    return stream.transform(name, out, operator).uid(name)


def byte_array() -> Any:
    """The type of blocks and frames."""
    return jvm().org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO


def to_ms(duration: timedelta) -> int:
    """A duration in whole milliseconds."""
    return int(duration.total_seconds() * 1000)


def _kafka_source(workflow: str, source: PlannedSource, contract: Any, cluster: Cluster, bounded: Any) -> Any:
    builder = _builder(workflow, source, contract, cluster)
    if bounded is not None:
        builder = builder.setBounded(jvm().headrace.Ends.of(source.topic.topic, bounded))
    return builder.build()


def _builder(workflow: str, source: PlannedSource, contract: Any, cluster: Cluster) -> Any:
    topic = source.topic
    offsets = jvm().org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer
    return (
        jvm()
        .org.apache.flink.connector.kafka.source.KafkaSource.builder()
        .setBootstrapServers(cluster.kafka)
        .setTopics(string_array([topic.topic]))
        .setGroupId(f"headrace-{workflow}")
        .setClientIdPrefix(f"headrace-{workflow}-{source.name}")
        .setStartingOffsets(getattr(offsets, topic.start)())
        .setDeserializer(jvm().headrace.RecordBlocks(contract))
        .setProperty("isolation.level", "read_committed")
    )


def _java_map(values: Mapping[int, int]) -> Any:
    there = jvm().java.util.HashMap()
    for key, value in values.items():
        there.put(key, value)
    return there
