"""What the state of a workflow depends on, node by node, and what a changed workflow would lose of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from engine.plan import Part, Plan, PlannedConnection, PlannedSource
from models.stage import Stage
from models.stateless import is_stateless
from schemas.errors import Fatal
from sinks import FeatureStore

Verdict = Literal["unchanged", "new", "changed", "gone"]
_WHOLE = "(whole)"


@dataclass(frozen=True)
class NodeState:
    """A node and a digest of all that its state depends on; `part` is what it is; a pipeline `reads` another node.

    Where a pipeline learns nothing, `does` is a digest of what it does, on which no state depends.
    """

    name: str
    part: Literal["whole", "stream", "pipeline", "sink"]
    digest: str
    reads: str = ""
    does: str = ""


@dataclass(frozen=True)
class Change:
    """What becomes of a node; `loses` says which state is lost, and why, empty where none is."""

    node: str
    verdict: Verdict
    loses: str = ""


def states_of(plan: Plan) -> tuple[NodeState, ...]:
    """The parts of a plan; topics that are written to and model stores keep no state of the job."""
    read = [stream for stream in plan.streams if isinstance(stream, PlannedSource | PlannedConnection)]
    streams = [(stream.name, (stream.origin, repr(_made_by(stream)))) for stream in read]
    sinks = [
        (sink.name, (sink.input, repr(sink.sink)) if isinstance(sink.sink, FeatureStore) else ()) for sink in plan.sinks
    ]
    return (
        NodeState(_WHOLE, "whole", _digest(plan.order)),
        *(NodeState(name, "stream", _digest(said)) for name, said in streams),
        *(_pipeline(part, stage) for part in plan.parts for stage in part.stages),
        *(NodeState(name, "sink", _digest(said)) for name, said in sinks),
    )


def definition_digest(plan: Plan) -> str:
    """What tells one definition of a workflow's state from another: all that a savepoint depends on."""
    return _digest([state for state in states_of(plan) if state.digest != _digest(())])


def _pipeline(part: Part, stage: Stage) -> NodeState:
    shared = (part.name, part.shard_key, part.shards)
    if is_stateless(stage.pipeline):
        given = [pipeline.schema for pipeline in part.given if pipeline.name == stage.name]
        does = _digest(repr(stage.pipeline))
        return NodeState(stage.name, "pipeline", _digest((shared, given)), part.inputs[stage.name], does)
    said = (*shared, stage.label, stage.key, stage.batch, repr(stage.pipeline))
    return NodeState(stage.name, "pipeline", _digest(said), part.inputs[stage.name])


def changes(before: Sequence[NodeState], plan: Plan) -> list[Change]:
    """What becomes of each node when the state of a run is taken over by a plan."""
    now = states_of(plan)
    known, wanted = {part.name: part for part in before}, {part.name: part for part in now}
    found = {part.name: _change(part, known.get(part.name)) for part in now}
    found |= {part.name: _gone(part) for part in before if part.name not in wanted}
    for change in (*_renumbered(before, now), *_moved(before, now), *_half_full(plan, known)):
        if not found[change.node].loses:
            found[change.node] = change
    return [change for change in found.values() if change.node != _WHOLE or change.loses]


def refuse_losses(workflow: str, found: Sequence[Change]) -> None:
    """Raises Fatal where a change would lose state, naming each."""
    lost = [change for change in found if change.loses]
    if lost:
        said = "; ".join(f'node "{change.node}" is {change.verdict}: {change.loses}' for change in lost)
        raise Fatal(
            f'workflow "{workflow}": cannot take over the state of its last run: {said}',
            hint="undo the change, or start anew with --fresh; `headrace plan` says this beforehand",
        )


def _made_by(stream: PlannedSource | PlannedConnection) -> object:
    """What makes the records of a stream: a connector, or a topic up to where it is read."""
    return stream.node.connector if isinstance(stream, PlannedConnection) else stream.topic.span.end


def _change(part: NodeState, before: NodeState | None) -> Change:
    if before is None:
        lost = "the pipelines would read something else, with nothing of what was read" if part.part == "stream" else ""
        return Change(part.name, "new", lost)
    if before.digest == part.digest and before.part == part.part:
        return Change(part.name, "unchanged" if before.does == part.does else "changed")
    why = {
        "whole": "its order is another one, and all state is kept by it",
        "stream": "it reads or makes other records, and all behind it has learned from the ones before",
        "pipeline": "what it has learned is that of another pipeline, stream, label, key, batch or number of shards",
        "sink": "the rows that it wrote are those of another definition",
    }
    if part.does:
        why["pipeline"] = "it has learned, or its stream, number of shards or what connectors read of it was another"
    return Change(part.name, "changed", why[part.part])


def _gone(part: NodeState) -> Change:
    why = {"stream": "the pipelines would read something else", "pipeline": "what it has learned would go with it"}
    return Change(part.name, "gone", "" if part.does else why.get(part.part, ""))


def _renumbered(before: Sequence[NodeState], now: Sequence[NodeState]) -> Iterator[Change]:
    """The first stream that is not in the place that it had: what is in the state says by number where it came from."""
    was, is_ = ([node.name for node in nodes if node.part == "stream"] for nodes in (before, now))
    places = zip((name for name in was if name in is_), (name for name in is_ if name in was), strict=True)
    moved = next((now_there for before_there, now_there in places if before_there != now_there), None)
    if moved is not None:
        yield Change(moved, "changed", "its place among the sources and connectors is another one")


def _moved(before: Sequence[NodeState], now: Sequence[NodeState]) -> Iterator[Change]:
    """The pipelines that read another one, or none, than before; new pipelines in between are none of theirs."""
    was, is_ = ({node.name: node.reads for node in nodes if node.part == "pipeline"} for nodes in (before, now))
    common = was.keys() & is_.keys()
    for name in sorted(common):
        if _above(name, was, common) != _above(name, is_, common):
            yield Change(name, "changed", "its place among the pipelines is another one")


def _above(name: str, reads: Mapping[str, str], common: Container[str]) -> str:
    """The next node above a pipeline that was there before and still is: another pipeline, or its stream."""
    above = reads[name]
    while above in reads and above not in common:
        above = reads[above]
    return above


def _half_full(plan: Plan, known: dict[str, NodeState]) -> Iterator[Change]:
    """An estimator that learns in batches, and has some records of the next one without the new pipeline's features."""
    part, now = plan.learner, {node.name: node for node in states_of(plan)}
    if part is None or part.estimator is None or not part.estimator.batch or part.estimator.name not in known:
        return
    name = above = part.estimator.name
    while (above := part.inputs[above]) in part.inputs:
        if above not in known or known[above].does != now[above].does:
            yield Change(name, "changed", "its unfinished batch has records without the features of the new pipeline")
            return


def _digest(said: Any) -> str:
    return hashlib.sha256(without_addresses(repr(said)).encode()).hexdigest()[:16]


def without_addresses(text: str) -> str:
    """A repr as any process writes it: objects that have none of their own, and functions, tell where they are.

    >>> without_addresses("[<function dearer at 0x7fb2c8a0>, <shop.Prices object at 0x7fb2c8b0>]")
    '[<function dearer>, <shop.Prices object>]'
    """
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)


def as_data(parts: Sequence[NodeState]) -> list[dict[str, str]]:
    """The parts as JSON takes them."""
    return [asdict(part) for part in parts]


def summary(found: Sequence[Change]) -> str:
    """What becomes of each node, a line each.

    >>> print(summary([Change("model", "unchanged"), Change("signs", "gone", "what it has learned would go with it")]))
    model  unchanged
    signs  gone, loses state: what it has learned would go with it
    """
    wide = max((len(change.node) for change in found), default=0)
    return "\n".join(
        f"{change.node:<{wide}}  {change.verdict}{', loses state: ' if change.loses else ''}{change.loses}"
        for change in found
    )
