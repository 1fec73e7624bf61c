"""The part of a workflow that a test runs: what leads to the nodes that it asks for, from the tables that it gives."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from engine.connectors import FeatureLookup
from engine.workflow import Connection, DataSink, DataSource, Node, Pipeline, Sink, Workflow
from schemas.errors import Fatal
from sinks import FeatureStore, ModelStore, Topic
from sources import KafkaTopic


@dataclass(frozen=True)
class Excerpt:
    """A workflow to run, and by the names of its sinks the names under which the test asks for what they take."""

    workflow: Workflow
    asked: Mapping[str, str]


def excerpt_of(
    workflow: Workflow, asked: tuple[str, ...], sources: Mapping[str, KafkaTopic], suffix: str = ""
) -> Excerpt:
    """What leads to the nodes `asked`, to all if there are none, from the `sources` on, the workflow's own and others.

    Sinks of results become topics, so that a test touches no files and tables. The workflow, its models and its topics
    get a `suffix`. Raises Fatal for a node that is not there.
    """
    nodes = {node.name: node for node in workflow.nodes}
    for name in asked:
        if name not in nodes:
            raise Fatal(f'workflow "{workflow.name}": has no node "{name}"', hint=f"it has {', '.join(nodes)}")
    needed = _leading_to(asked or _ends(workflow), nodes, sources)
    made = _like(workflow, suffix)
    inputs: dict[str, DataSource | Connection | Pipeline] = {}
    for name, node in nodes.items():
        if name in needed and name in sources:
            inputs[name] = made.source(name, sources[name])
        elif name in needed:
            _add(made, node, inputs, workflow.name, suffix)
    shown = {name: name for name in needed if isinstance(nodes[name], DataSink)}
    for number, name in enumerate(name for name in asked if not isinstance(nodes[name], DataSink)):
        sink = f"asked_{number}"
        made.sink(sink, inputs[name], Topic(f"{made.name}.{name}"))
        shown[sink] = name
    return Excerpt(made, shown)


def _like(workflow: Workflow, suffix: str) -> Workflow:
    return Workflow(
        f"{workflow.name[: 63 - len(suffix)]}{suffix}",
        order="event_time" if workflow.order == "event_time" else "arrival",
        max_dead=f"{workflow.max_dead:.8%}",
        dead_window=workflow.dead_window,
        shards=workflow.shards,
    )


def _add(
    made: Workflow, node: Node, inputs: dict[str, DataSource | Connection | Pipeline], own: str, suffix: str
) -> None:
    """Add a node to the workflow `made` of the one that is called `own`, with what it has of that name."""
    match node:
        case Connection(name, (left, *_), FeatureLookup() as lookup) if lookup.features.workflow == own:
            features = replace(lookup.features, workflow=made.name)
            inputs[name] = made.connect(
                name, FeatureLookup(inputs[left], features, on=lookup.on, unmatched=lookup.unmatched)
            )
        case Connection(name, _, connector):
            inputs[name] = made.connect(name, connector)
        case Pipeline(name, input, stage):
            pipeline = stage.pipeline
            inputs[name] = made.pipeline(
                name, inputs[input], pipeline, label=stage.label, key=stage.key, batch=stage.batch
            )
        case DataSink(name, input, sink):
            made.sink(name, inputs[input], _aside(sink, f"{made.name}.{name}", suffix))


def _aside(sink: Sink, topic: str, suffix: str) -> Sink:
    """A sink in place of another, which nobody else reads."""
    if isinstance(sink, FeatureStore):
        return sink  # its keys begin with the name of the workflow
    return replace(sink, name=f"{sink.name}{suffix}") if isinstance(sink, ModelStore) else Topic(topic, sink.schema)


def _ends(workflow: Workflow) -> list[str]:
    """The nodes that no other reads."""
    read = {name for node in workflow.nodes for name in _read_by(node)}
    return [node.name for node in workflow.nodes if node.name not in read]


def _leading_to(names: Collection[str], nodes: Mapping[str, Node], sources: Collection[str]) -> set[str]:
    """These nodes and all that they read, up to the sources."""
    needed: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += [] if name in sources else _read_by(nodes[name])
    return needed


def _read_by(node: Node) -> tuple[str, ...]:
    if isinstance(node, Connection):
        return node.inputs
    return () if isinstance(node, DataSource) else (node.input,)
