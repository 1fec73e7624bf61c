"""What the state of a workflow depends on, node by node, and what a changed workflow would lose of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from engine.plan import Plan, PlannedConnection, Stream
from models.stage import Kind
from schemas.errors import Fatal
from sinks import FeatureStore

Verdict = Literal["unchanged", "new", "changed", "gone"]
_WHOLE = "(whole)"


@dataclass(frozen=True)
class Part:
    """A node and a digest of all that its state depends on; `part` is where it is: in front, in the row, or behind."""

    name: str
    part: Literal["whole", "stream", "pipeline", "sink"]
    digest: str


@dataclass(frozen=True)
class Change:
    """What becomes of a node; `loses` says which state is lost, and why, empty where none is."""

    node: str
    verdict: Verdict
    loses: str = ""


def parts_of(plan: Plan) -> tuple[Part, ...]:
    """The parts of a plan; topics that are written to and model stores keep no state of the job."""
    whole = (plan.order, plan.shard_key, plan.shards)
    streams = [(stream.name, (stream.origin, repr(_made_by(stream)))) for stream in plan.streams]
    stages = [(stage.name, (stage.label, stage.key, stage.batch, repr(stage.pipeline))) for stage in plan.stages]
    sinks = [
        (sink.name, (sink.input, repr(sink.sink)) if isinstance(sink.sink, FeatureStore) else ()) for sink in plan.sinks
    ]
    return (
        Part(_WHOLE, "whole", _digest(whole)),
        *(Part(name, "stream", _digest(said)) for name, said in streams),
        *(Part(name, "pipeline", _digest(said)) for name, said in stages),
        *(Part(name, "sink", _digest(said)) for name, said in sinks),
    )


def changes(before: Sequence[Part], plan: Plan) -> list[Change]:
    """What becomes of each node when the state of a run is taken over by a plan."""
    now = parts_of(plan)
    known, wanted = {part.name: part for part in before}, {part.name: part for part in now}
    found = {part.name: _change(part, known.get(part.name)) for part in now}
    found |= {part.name: _gone(part) for part in before if part.name not in wanted}
    for change in (*_moved(before, now), *_half_full(plan, known)):
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


def _made_by(stream: Stream) -> object:
    """What makes the records of a stream: a connector, or a topic up to where it is read."""
    return stream.node.connector if isinstance(stream, PlannedConnection) else stream.topic.span.end


def _change(part: Part, before: Part | None) -> Change:
    if before is None:
        lost = "the pipelines would read something else, with nothing of what was read" if part.part == "stream" else ""
        return Change(part.name, "new", lost)
    if before.digest == part.digest and before.part == part.part:
        return Change(part.name, "unchanged")
    why = {
        "whole": "order, key or shards are others, and all state is kept by them",
        "stream": "it reads or makes other records, and all behind it has learned from the ones before",
        "pipeline": "what it has learned is that of another pipeline, label, key or batch",
        "sink": "the rows that it wrote are those of another definition",
    }
    return Change(part.name, "changed", why[part.part])


def _gone(part: Part) -> Change:
    why = {"stream": "the pipelines would read something else", "pipeline": "what it has learned would go with it"}
    return Change(part.name, "gone", why.get(part.part, ""))


def _moved(before: Sequence[Part], now: Sequence[Part]) -> Iterator[Change]:
    """The pipelines that are both in the old row and in the new one, but not in the same order."""
    common = {part.name for part in before if part.part == "pipeline"} & {p.name for p in now if p.part == "pipeline"}
    was, is_ = ([part.name for part in row if part.name in common] for row in (before, now))
    for old, new in zip(was, is_, strict=True):
        if old != new:
            yield Change(new, "changed", "its place among the pipelines is another one")


def _half_full(plan: Plan, known: dict[str, Part]) -> Iterator[Change]:
    """An estimator that learns in batches, and has some records of the next one without the new pipeline's features."""
    last = plan.stages[-1]
    grown = any(stage.name not in known for stage in plan.stages)
    if grown and last.kind is not Kind.TRANSFORMER and last.batch and last.name in known:
        yield Change(last.name, "changed", "its unfinished batch has records without the features of the new pipeline")


def _digest(said: Any) -> str:
    return hashlib.sha256(without_addresses(repr(said)).encode()).hexdigest()[:16]


def without_addresses(text: str) -> str:
    """A repr as any process writes it: objects that have none of their own, and functions, tell where they are.

    >>> without_addresses("[<function dearer at 0x7fb2c8a0>, <shop.Prices object at 0x7fb2c8b0>]")
    '[<function dearer>, <shop.Prices object>]'
    """
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)


def as_data(parts: Sequence[Part]) -> list[dict[str, str]]:
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
