"""The sources that tables stand for: those of a workflow, and others in place of what its connectors make."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import cast

from engine.jobs.preparation import resolve
from engine.plan import Part, Schema
from engine.workflow import DataSink, DataSource, Workflow
from models.fields import Unknown, record_schema
from schemas.errors import Fatal
from schemas.registry import Registry
from sinks import FeatureStore
from sources import KafkaTopic
from sources.kafka_span import WHOLE


def sources_of(
    workflow: Workflow, tables: Collection[str], registry: str | None, folder: Path
) -> dict[str, KafkaTopic]:
    """The sources of a workflow, without what only matters to topics that are there, and one for each other table.

    Schemas that it does not name are the registry's newest, and go to files in `folder` like those of other streams.
    Raises Fatal for a table of no stream.
    """
    nodes = {node.name: node for node in workflow.nodes}
    sources = {
        name: _of_a_table(name, node.source, registry, folder)
        for name, node in nodes.items()
        if isinstance(node, DataSource)
    }
    for name in tables:
        if name not in nodes or isinstance(nodes[name], DataSink):
            there = ", ".join(node.name for node in workflow.nodes if not isinstance(node, DataSink))
            raise Fatal(f'table "{name}": workflow "{workflow.name}" has no such stream', hint=f"it has {there}")
    others = [name for name in tables if name not in sources]
    return sources | (_in_place(workflow, others, registry, folder) if others else {})


def _of_a_table(name: str, source: KafkaTopic, registry: str | None, folder: Path) -> KafkaTopic:
    schema = source.schema
    if schema is None and registry is not None and source.names:
        with Registry(registry) as known:
            schema = _in_file(name, known.latest(f"{source.names[0]}-value").schema, folder)
    topic = source.topic if source.names else name
    return replace(source, topic=topic, schema=schema, span=WHOLE, fed_by=None, properties={})


def _in_place(workflow: Workflow, names: list[str], registry: str | None, folder: Path) -> dict[str, KafkaTopic]:
    """Sources with the records of streams that the workflow makes itself."""
    plan = resolve(workflow, registry, folder)
    streams: dict[str, tuple[Schema, str | None]] = {
        **{name: (_looked_up(part, name), part.feed.event_time) for part in plan.parts for name in part.lookups},
        **{stream.name: (stream.schema, stream.event_time) for stream in plan.streams},
    }
    for name in names:
        if name not in streams:
            hint = "a pipeline that no connector reads is tested with run_pipeline"
            raise Fatal(f'table "{name}": pipeline "{name}" gives no stream of its own', hint=hint)
    return {
        name: KafkaTopic(name, event_time=event_time, schema=_in_file(name, schema, folder))
        for name, (schema, event_time) in ((name, streams[name]) for name in names)
    }


def _looked_up(part: Part, name: str) -> Schema:
    """What a lookup of features gives, and what those behind it take from the record itself."""
    fields = part.fields[name]
    taken = {
        part.feed.event_time,
        part.shard_key,
        part.estimator.label if part.estimator else None,
        *(cast(FeatureStore, sink.sink).entity for sink in part.sinks.features),
        *(lookup.on for lookup in part.lookups.values()),
    }
    passing = {field["name"]: field["type"] for field in part.reader["fields"] if field["name"] in taken}
    return record_schema(name, fields if isinstance(fields, Unknown) else {**passing, **fields})


def _in_file(name: str, schema: Schema, folder: Path) -> str:
    file = folder / f"{name}.avsc"
    file.write_text(json.dumps(schema), encoding="utf-8")
    return str(file)
