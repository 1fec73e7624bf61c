"""Runs on a platform: Kafka, the session cluster, Redis and the registry, as `headrace run` has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from engine.jobs.loading import OURS, LoadedWorkflow, imported_from
from engine.jobs.preparation import resolve
from engine.plan import Plan
from engine.settings import JobAddresses, Settings
from engine.testing.excerpt import excerpt_of
from engine.testing.inputs import sources_of
from engine.testing.outcome import Outcome, dead_letters_of, results_of
from engine.testing.staging import IDLE, Staging
from engine.testing.stores import features_of, models_of
from engine.testing.tables import Mark, Table
from engine.testing.writing import written
from engine.workflow import Workflow
from schemas.registry import Registry
from sources import KafkaTopic
from sources.kafka_admin import KafkaAdmin
from sources.kafka_reader import TopicReader

NEVER = "1d"


def run_on_cluster(
    workflow: Workflow, asked: tuple[str, ...], tables: Mapping[str, Table], settings: Settings
) -> Outcome:
    """What a workflow makes of tables, in topics and under names that nothing else has. Raises Fatal, Retryable.

    Time passes by itself here: a table with the mark `idle` is idle wherever it has given nothing for a second.
    """
    with TemporaryDirectory(prefix="headrace-test-") as schemas:
        return _run(workflow, asked, tables, settings, Path(schemas))


def _run(
    workflow: Workflow, asked: tuple[str, ...], tables: Mapping[str, Table], settings: Settings, schemas: Path
) -> Outcome:
    addresses, suffix = JobAddresses.find(settings), f"_{uuid4().hex[:8]}"
    found = sources_of(workflow, tables, addresses.registry, schemas)
    sources = {name: _of_its_own(source, tables.get(name), suffix) for name, source in found.items()}
    excerpt = excerpt_of(workflow, asked, sources, suffix)
    plan = resolve(excerpt.workflow, None, settings.home)
    chunks = written(plan, tables, _schema_ids(plan, addresses.registry))
    with KafkaAdmin(addresses.kafka) as kafka:
        for source in plan.sources:
            partitions = {record.partition for chunk in chunks[source.name] for record in chunk.records}
            for topic in source.topics:
                kafka.create(topic, max(partitions, default=0) + 1)
    modules = tuple(found for found in imported_from(Path.cwd()) if found[0].split(".")[0] not in OURS)
    with Staging(LoadedWorkflow(excerpt.workflow, modules), plan, chunks, settings) as staging:
        restarts = staging.perform()
    topics = {topic: _values(addresses.kafka, topic) for topic in plan.topics}
    stored = addresses.redis if plan.sinks.features or plan.sinks.models else None
    return Outcome(
        results_of(plan, excerpt.asked, topics) | features_of(plan, stored),
        dead_letters_of(plan, topics),
        models_of(plan, stored, settings),
        restarts,
    )


def _of_its_own(source: KafkaTopic, table: Table | None, suffix: str) -> KafkaTopic:
    """The source with topics of its own; it is idle only where its table says so."""
    topics = tuple(f"{name}{suffix}" for name in source.names)
    idle = IDLE if table is not None and Mark.IDLE in table.lines else NEVER
    return replace(source, topic=topics[0] if source.is_one else topics, idle=idle)


def _schema_ids(plan: Plan, address: str) -> dict[str, int]:
    with Registry(address) as registry:
        return {source.name: registry.register(f"{source.topics[0]}-value", source.schema) for source in plan.sources}


def _values(kafka: str, topic: str) -> list[bytes]:
    with TopicReader(kafka, topic) as reader:
        return [record.value for record in reader.until_end() if record.value is not None]
