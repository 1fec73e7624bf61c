"""What the JVM has to know of the records of a stream."""

from __future__ import annotations

from typing import Any

from engine.flink.cluster import Cluster
from engine.flink.gateway import jvm
from engine.flink.streams import partitions_of, to_ms
from engine.plan import PlannedSource, Stream
from engine.worker.spec import WorkerSpec
from schemas.avro import canonical
from schemas.durations import parse_duration
from schemas.frames import MAX_FRAME_BYTES
from schemas.wire import dead_letter_schema


def contract_of(stream: Stream, spec: WorkerSpec, cluster: Cluster, *, limited: bool = True) -> Any:
    """The contract of a stream; without limits for records that were sent again."""
    plan, part = spec.plan, spec.plan.part(stream.name)
    finite = not isinstance(stream, PlannedSource) or stream.topic.non_finite == "reject"
    known = jvm().java.util.HashMap()
    for schema_id, schema in spec.known[stream.name].items():
        known.put(schema_id, canonical(schema))
    number, shard_key = plan.streams.index(stream), part.shard_key if part else None
    contract = jvm().headrace.Contract(number, canonical(stream.schema), stream.event_time, shard_key, finite)
    if isinstance(stream, PlannedSource):
        contract = contract.numbered(partitions_of(stream))
        if limited:
            contract = contract.limits(to_ms(parse_duration(stream.topic.max_ahead)), MAX_FRAME_BYTES)
    return contract.sharded(part.shards if part else 1).schemas(cluster.registry, known)


def contract_of_letters(cluster: Cluster) -> Any:
    """The contract of dead letters themselves."""
    letters = jvm().headrace.Contract(0, canonical(dead_letter_schema()), None, None, False)
    return letters.schemas(cluster.registry, jvm().java.util.HashMap())
