"""Everything outside of Flink that a job needs before it starts: schemas, topics, a generation of features."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from engine.flink.cluster import Cluster
from engine.plan import DEAD_LETTERS, Plan, Schema, make_plan, shipped_schema
from engine.settings import JobAddresses, Settings
from engine.worker.spec import WorkerSpec
from engine.workflow import Workflow
from schemas.registry import Registry
from schemas.wire import dead_letter_schema, prediction_schema
from sinks import Generations
from sources import KafkaTopic
from sources.kafka_admin import KafkaAdmin, TopicFacts

ENVELOPE_BYTES = 64 << 10  # what a dead letter adds to its record, at most
LARGEST_DEAD_BYTES = 64 << 20  # a record that came compressed is larger than the topic it came from allows
OUTPUT_PARTITIONS = 4


@dataclass(frozen=True)
class Prepared:
    """What goes to the workers, and what the job needs to know of the cluster."""

    spec: WorkerSpec
    cluster: Cluster


def resolve(workflow: Workflow, registry_url: str | None) -> Plan:
    """The plan of a workflow; schemas that it does not name are the registry's newest. Raises Fatal, Retryable."""

    def schema_of(topic: KafkaTopic) -> Schema:
        if topic.schema is not None or registry_url is None:
            return shipped_schema(topic)
        with Registry(registry_url) as registry:
            return registry.latest(f"{topic.topic}-value").schema

    return make_plan(workflow, schema_of)


def prepare(plan: Plan, addresses: JobAddresses, settings: Settings, generation: int) -> Prepared:
    """Register the schemas of what is written, create its topics, and look at the topic that is read."""
    with KafkaAdmin(addresses.kafka) as admin:
        facts = admin.facts(plan.topic.topic)
        dead_bytes = max(facts.max_record_bytes + ENVELOPE_BYTES, LARGEST_DEAD_BYTES)
        for position, topic in enumerate(plan.topics):
            size = {"max.message.bytes": str(dead_bytes)} if position == DEAD_LETTERS else {}
            admin.create(topic, OUTPUT_PARTITIONS, size)
    if plan.feature_sinks:
        with Generations(addresses.redis, plan.workflow) as generations:
            generations.keep_partitions(plan.topic.topic, facts.filled)
    with Registry(addresses.registry) as registry:
        spec = WorkerSpec(
            plan,
            generation,
            _known(plan, registry),
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
        )
    return Prepared(spec, _cluster(addresses, facts, dead_bytes))


def new_generation(plan: Plan, addresses: JobAddresses) -> int:
    """A generation of features for a fresh start; 0 for a workflow that writes none."""
    if not plan.feature_sinks:
        return 0
    with Generations(addresses.redis, plan.workflow) as generations:
        return generations.next()


def definition_digest(plan: Plan) -> str:
    """What tells one definition of a workflow's state from another: all that a savepoint depends on."""
    stages = [(stage.name, stage.label, stage.key, stage.batch, repr(stage.pipeline)) for stage in plan.stages]
    features = [(sink.name, sink.input, repr(sink.sink)) for sink in plan.feature_sinks]
    described = (plan.source.name, plan.topic.topic, plan.order, plan.shard_key, plan.shards, stages, features)
    return hashlib.sha256(_without_addresses(repr(described)).encode()).hexdigest()[:16]


def _without_addresses(text: str) -> str:
    """A repr as any process writes it: objects that have none of their own, and functions, tell where they are.

    >>> _without_addresses("[<function dearer at 0x7fb2c8a0>, <shop.Prices object at 0x7fb2c8b0>]")
    '[<function dearer>, <shop.Prices object>]'
    """
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)


def _known(plan: Plan, registry: Registry) -> dict[int, Schema]:
    """The writer schemas of the topic that is read, by id."""
    subject = f"{plan.topic.topic}-value"
    if subject not in registry.subjects():
        return {registry.register(subject, plan.reader): plan.reader}
    latest = registry.latest(subject)
    return {latest.id: latest.schema}


def _outputs(plan: Plan) -> list[tuple[str, Schema]]:
    dead, *predictions = plan.topics
    schemas = [(dead, dead_letter_schema())]
    return schemas + [(topic, prediction_schema(plan.label_type)) for topic in predictions]


def _cluster(addresses: JobAddresses, facts: TopicFacts, dead_bytes: int) -> Cluster:
    return Cluster(addresses.kafka, addresses.registry, facts.end_offsets, dead_bytes)
