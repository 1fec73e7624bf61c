"""Everything outside of Flink that a job needs before it starts: schemas, topics, a generation of features."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from engine.flink import gateway, relational
from engine.flink.cluster import Cluster
from engine.jobs.redriving import begin_anew
from engine.jobs.store import RunStore
from engine.jobs.stretches import Topics, with_topics
from engine.plan import DEAD_LETTERS, NO_PARTITION, Plan, PlannedConnection, PlannedSource, Schema, Stream
from engine.planner import make_plan, shipped_schema
from engine.settings import JobAddresses, Settings
from engine.worker.spec import WorkerSpec
from engine.workflow import Connection, Workflow
from schemas.errors import Fatal
from schemas.registry import Registry
from schemas.wire import LARGEST_DEAD_BYTES, dead_letter_schema
from sinks import Collector, Console, Generations, SqlTable
from sources import KafkaTopic
from sources.kafka_admin import KafkaAdmin

ENVELOPE_BYTES = 64 << 10  # what a dead letter adds to its record, at most
OUTPUT_PARTITIONS = 4
SHOWN_FOR_MS = 60 * 60 * 1000  # how long results for a terminal are kept


@dataclass(frozen=True)
class Prepared:
    """What goes to the workers, and what the job needs to know of the cluster."""

    spec: WorkerSpec
    cluster: Cluster


def resolve(workflow: Workflow, registry_url: str | None, home: Path) -> Plan:
    """The plan of a workflow; schemas that it does not name are the registry's newest. Raises Fatal, Retryable.

    What connectors give is asked of Flink's own planner, in a JVM that logs to `home`; without connectors none starts.
    """

    def schema_of(topic: KafkaTopic) -> Schema:
        if topic.schema is not None or registry_url is None:
            return shipped_schema(topic)
        if not topic.names:
            hint = 'KafkaTopic(..., schema="flight") or a path'
            raise Fatal(f'topic pattern "{topic.origin}": names no schema for its topics', hint=hint)
        with Registry(registry_url) as registry:
            return _newest(topic, registry)

    def describe(connection: Connection, inputs: Sequence[Stream]) -> PlannedConnection:
        gateway.prepare(home)
        return relational.describe(connection, inputs)

    return make_plan(workflow, schema_of, describe)


def _newest(topic: KafkaTopic, registry: Registry) -> Schema:
    subject = f"{topic.names[0]}-value"
    if topic.fed_by is not None and subject not in registry.subjects():
        said = f'topic "{topic.origin}": its schema is neither declared nor in the registry'
        raise Fatal(said, hint="`headrace feeders` infers one and puts it there")
    return registry.latest(subject).schema


def prepare(
    plan: Plan, addresses: JobAddresses, settings: Settings, generation: int, *, fresh: bool = False
) -> Prepared:
    """Register the schemas of what is written, create its topics, and look at those that are read.

    A `fresh` start takes no dead letters of the runs before it that were sent again.
    """
    with KafkaAdmin(addresses.kafka) as admin:
        plan = with_topics(plan, admin, partial(_numbered, settings.metadata_url))
        for source in plan.sources:
            if source.topic.fed_by is not None:  # its feeder may begin later
                admin.create(source.topics[0], source.topic.fed_by.partitions)
        topics = Topics.look_at(plan, admin)
        largest = max(fact.max_record_bytes for fact in topics.facts.values())
        dead_bytes = max(largest + ENVELOPE_BYTES, LARGEST_DEAD_BYTES)
        admin.create(plan.topics[DEAD_LETTERS], OUTPUT_PARTITIONS, {"max.message.bytes": str(dead_bytes)})
        for sink in plan.sinks.topics:
            kept = {"retention.ms": str(SHOWN_FOR_MS)} if isinstance(sink.sink, Console) else {}
            admin.create(plan.topic_of(sink), OUTPUT_PARTITIONS, kept)
        admin.create(plan.redrive_topic, 1, {"max.message.bytes": str(dead_bytes)})
        if fresh:
            begin_anew(admin, addresses.kafka, plan.workflow)
        redrive_from = admin.facts(plan.redrive_topic).end_offsets
    for sink in plan.sinks.tables:
        cast(SqlTable | Collector, sink.sink).open(plan.results[sink.name]).close()  # creates the table
    if plan.sinks.features:
        filled = [place for part in plan.parts if part.sinks.features for place in _filled(part.feed, topics)]
        with Generations(addresses.redis, plan.workflow) as generations:
            generations.keep_partitions(filled)
    with Registry(addresses.registry) as registry:
        spec = WorkerSpec(
            plan,
            generation,
            {stream.name: _known(plan, stream, registry) for stream in plan.streams},
            tuple(registry.register(f"{topic}-value", schema) for topic, schema in _outputs(plan)),
            addresses.registry,
            addresses.redis,
            str(settings.signing_key_file),
            production=settings.production,
            archive=settings.archive,
            metrics_host=settings.worker_metrics_host,
            metrics_port=settings.worker_metrics_port,
            metrics_folder=str(settings.metrics_folder),
            flink=addresses.flink,
            compiled=settings.compiled,
        )
    return Prepared(spec, Cluster(addresses.kafka, addresses.registry, topics.stretches, dead_bytes, redrive_from))


def new_generation(plan: Plan, addresses: JobAddresses) -> int:
    """A generation of features for a fresh start; 0 for a workflow that writes none."""
    if not plan.sinks.features:
        return 0
    with Generations(addresses.redis, plan.workflow) as generations:
        return generations.next()


def _known(plan: Plan, stream: Stream, registry: Registry) -> dict[int, Schema]:
    """A writer schema of a stream by its id: the newest of a topic, or the one of what is made in the job itself."""
    if not isinstance(stream, PlannedSource):
        return {registry.register(f"{plan.workflow}.{stream.name}", stream.schema): stream.schema}
    subject = f"{stream.topics[0]}-value"
    if subject not in registry.subjects():
        return {registry.register(subject, stream.schema): stream.schema}
    latest = registry.latest(subject)
    return {latest.id: latest.schema}


def _numbered(metadata: str, workflow: str, source: str, topics: tuple[str, ...]) -> tuple[str, ...]:
    with RunStore(metadata) as runs:
        return runs.number_topics(workflow, source, topics)


def _filled(feed: Stream, topics: Topics) -> Collection[tuple[str, int]]:
    """Where the records of a stream are: what a connector makes is in no partition."""
    return topics.filled(feed) if isinstance(feed, PlannedSource) else ((feed.name, NO_PARTITION),)


def _outputs(plan: Plan) -> list[tuple[str, Schema]]:
    schemas = [dead_letter_schema(), *(plan.results[sink.name] for sink in plan.sinks.topics)]
    return list(zip(plan.topics, schemas, strict=True))
