"""What the parts of a plan give to Kafka and to files, with Flink's checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.flink.cluster import KAFKA_PATIENCE_MS, Cluster
from engine.flink.folders import write_files
from engine.flink.gateway import data_streams, jvm, string_array
from engine.plan import Plan
from sources.kafka_connection import Servers
from sources.kafka_properties import for_flink

KAFKA = "kafka!"  # no name that an author can give
PRODUCER_BYTES = 32 << 20  # Kafka's own default


def write_outputs(plan: Plan, records: Mapping[str, Any], cluster: Cluster) -> None:
    """Write the records that parts give, by the names of these: one transaction for all topics, and files."""
    streams = [to_topics(plan, name, given) for name, given in records.items()]
    (streams[0] if len(streams) == 1 else _spread(streams)).sinkTo(_kafka_sink(plan, cluster)).name("kafka").uid(KAFKA)
    for part in plan.parts:
        write_files(records[part.name], plan, part)


def _spread(streams: list[Any]) -> Any:
    """All streams in one, by keys: where subtasks pass streams on one to one, Flink lets no barrier overtake records.

    The one that comes first would block its stream, while those before it still have to make room for the others'.
    """
    integer = jvm().org.apache.flink.api.common.typeinfo.Types.INT
    return streams[0].union(data_streams(streams[1:])).keyBy(jvm().headrace.SpreadByKey(), integer)


def to_topics(plan: Plan, name: str, records: Any) -> Any:
    """Those of the records of a part that are for topics."""
    part = plan.part(name)
    if part is None or not (part.given or part.sinks.folders):
        return records
    return records.filter(jvm().headrace.Destined(0, len(plan.topics))).name("to kafka").uid(f"{name}.{KAFKA}")


def _kafka_sink(plan: Plan, cluster: Cluster) -> Any:
    kafka = jvm().org.apache.flink.connector.kafka.sink.KafkaSink
    guarantee = jvm().org.apache.flink.connector.base.DeliveryGuarantee
    sink = (
        kafka.builder()
        .setBootstrapServers(cluster.kafka)
        .setRecordSerializer(jvm().headrace.OutputRecords(string_array(list(plan.topics))))
        .setDeliveryGuarantee(guarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix(f"headrace-{plan.workflow}")
        .setProperty("transaction.timeout.ms", str(KAFKA_PATIENCE_MS))
        .setProperty("max.block.ms", str(KAFKA_PATIENCE_MS))
        .setProperty("delivery.timeout.ms", str(KAFKA_PATIENCE_MS))
        .setProperty("max.request.size", str(cluster.max_request_bytes))
        .setProperty("buffer.memory", str(max(PRODUCER_BYTES, 2 * cluster.max_request_bytes)))
        .setProperty("linger.ms", "5")
        .setProperty("batch.size", str(256 << 10))
    )
    for name, value in for_flink(Servers(cluster.kafka).properties).items():
        sink = sink.setProperty(name, value)
    return sink.build()
