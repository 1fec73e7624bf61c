"""Pipelines by themselves, in this process and without a JVM: the objects that learn in Flink, too."""

from __future__ import annotations

from typing import Any

from engine.planner import shipped_schema
from engine.testing.instants import to_ms
from engine.testing.outcome import Outcome, Record, Records
from engine.testing.tables import Mark, Table
from engine.testing.typed import Typed, Typing
from engine.workflow import DataSource, Node, Pipeline, Workflow
from models.outcome import Batch
from models.outcome import Outcome as Applied
from models.pickled import dump, load
from models.predictions import Prediction
from models.recovery import MemoryState, Recoverable
from models.shard import Shard
from models.stage import Kind
from schemas.errors import Fatal

Stretch = list[tuple[Record, int]]
"""Records and their event times in ms, up to a crash or the end."""


def run_pipeline(workflow: Workflow, pipeline: str, /, **tables: Table) -> Outcome:
    """What a pipeline, and those that it reads, make of a table of the stream in front of them, by their names.

    Values have the types of the schema that a source names; those of other streams are taken as they are. Of the marks
    it takes `duplicate`, and `crash`, after which the models are restored. Raises Fatal for the others.

    >>> from engine.testing.tables import table
    >>> from models import Derive
    >>> from sources import KafkaTopic
    >>> flow = Workflow("demo")
    >>> weather = flow.source("weather", KafkaTopic("weather", schema="weather", event_time="observed_at"))
    >>> _ = flow.pipeline("metric", weather, Derive(celsius="(temp - 32) / 1.8"))
    >>> warm = table("observed_at temp", ("08:00", 50.0), ("09:00", 68.0), constants={"origin": "EWR"})
    >>> run_pipeline(flow, "metric", weather=warm)["metric"].of("celsius")
    [10.0, 20.0]
    """
    nodes = {node.name: node for node in workflow.nodes}
    chain = _chain(nodes, pipeline)
    stream = chain[0].input
    if list(tables) != [stream]:
        given = ", ".join(tables) or "none"
        hint = f'run_pipeline(flow, "{pipeline}", {stream}=table(...))'
        raise Fatal(f'pipeline "{pipeline}": expected a table of "{stream}", found {given}', hint=hint)
    frames = _frames(nodes[stream], tables[stream])
    state = MemoryState()
    applied = Applied.blank(0, [node.name for node in chain if node.stage.kind is Kind.TRANSFORMER])
    for frame in frames:  # a new life for each
        live = Recoverable(lambda data: Batch(*load(data)), lambda: Shard([node.stage for node in chain]), state)
        records, event_times = [record for record, _ in frame], [event_time for _, event_time in frame]
        applied.extend(live.process(dump((records, event_times))))
    model = {pipeline: live.shard.model} if live.shard.estimator else {}
    return Outcome(_results(applied, chain[-1]), _dead(applied, frames), model, len(frames) - 1)


def _chain(nodes: dict[str, Node], name: str) -> list[Pipeline]:
    """A pipeline and those that it reads, the first one first. Raises Fatal where it is none."""
    chain: list[Pipeline] = []
    node = nodes.get(name)
    while isinstance(node, Pipeline):
        chain.insert(0, node)
        node = nodes[node.input]
    if not chain:
        there = ", ".join(node.name for node in nodes.values() if isinstance(node, Pipeline)) or "none"
        raise Fatal(f'node "{name}": is no pipeline', hint=f"pipelines are {there}")
    return chain


def _frames(stream: Node, table: Table) -> list[Stretch]:
    """The records of a table up to each crash, and up to its end."""
    frames: list[Stretch] = [[]]
    last: list[tuple[Record, int]] = []
    for line in _lines(stream, table):
        if isinstance(line, Typed):
            last = [(line.record, to_ms(line.event_time))]
            frames[-1] += last
        elif line is Mark.CRASH:
            frames.append([])
        elif line is Mark.DUPLICATE:
            frames[-1] += [(dict(record), event_time) for record, event_time in last]
        else:
            hint = "a pipeline takes records that were read already: test it with run"
            raise Fatal(f'table "{stream.name}": has the mark "{line.value}"', hint=hint)
    return frames


def _lines(stream: Node, table: Table) -> list[Typed | Mark]:
    if isinstance(stream, DataSource):
        topic = stream.source
        typing = Typing(stream.name, table, shipped_schema(topic), topic.event_time, topic.lateness_time)
        return list(typing.lines())
    typing = Typing(stream.name, table, None, None)
    return list(typing.lines())


def _results(applied: Applied, last: Pipeline) -> dict[str, Records]:
    results = {name: Records(row for row in rows if row is not None) for name, rows in applied.features.items()}
    if last.stage.kind is not Kind.TRANSFORMER:
        said = [prediction for prediction in applied.predictions if prediction is not None]
        outcomes = {type(known) for line in said for known in (line.label, *(line.probabilities or ()))}
        is_boolean = bool in outcomes
        results[last.name] = Records(_prediction(prediction, is_boolean=is_boolean) for prediction in said)
    return results


def _prediction(said: Prediction, *, is_boolean: bool) -> dict[str, Any]:
    """A prediction with the fields that it has in a topic."""
    named: dict[str, Any] = {"prediction": said.prediction, "count": said.count}
    if said.probabilities is None:
        return named
    if is_boolean:
        return {**named, "probability": said.probabilities.get(True)}
    return {**named, "probabilities": {str(label): p for label, p in said.probabilities.items()}}


def _dead(applied: Applied, frames: list[Stretch]) -> Records:
    records = [record for frame in frames for record, _ in frame]
    return Records(
        {"node": rejection.node, "reason": rejection.error.reason, "error": str(rejection.error), "record": records[at]}
        for at, rejection in sorted(applied.rejected.items())
    )
