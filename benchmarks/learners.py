"""Pipelines of several kinds, each beside the same one in a peer on the same topic, round by round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import figures
from benchmarks.figures import Figure, Row, Tell
from benchmarks.filling import fill
from benchmarks.headrace_job import measured
from benchmarks.peer import Peer, Stream, rate, run_bytewax
from benchmarks.peers.tasks import TASKS, Task
from benchmarks.throughput import BYTEWAX_SNAPSHOT_S
from engine.settings import Settings


@dataclass(frozen=True)
class Contest:
    """A task, and the peer that does it, too."""

    task: Task
    figure: Figure
    peer: str
    rate: Callable[[Task, Stream], float]


def _bare(task: Task, stream: Stream) -> float:
    return rate(Peer.of(task, "bare").run(stream))


def _bytewax(task: Task, stream: Stream) -> float:
    return rate(run_bytewax(Peer.of(task, "bytewax_flow"), stream, BYTEWAX_SNAPSHOT_S))


CONTESTS = (
    Contest(TASKS["mixed"], figures.MIXED, "Bytewax", _bytewax),
    Contest(TASKS["naive_bayes"], figures.NAIVE_BAYES, "bare loop", _bare),
    Contest(TASKS["tree"], figures.TREE, "bare loop", _bare),
    Contest(TASKS["half_space"], figures.HALF_SPACE, "bare loop", _bare),
)


def measure(settings: Settings, records: int, rounds: int, tell: Tell) -> list[Row]:
    """The figures about learners; the first run of ours does not count."""
    rows: list[Row] = []
    for contest in CONTESTS:
        stream = fill(settings, contest.task, records, tell)
        if not rows:
            tell("a run to warm up, in which the JVMs compile what they run:")
            measured(stream, settings, contest.task, tell)
        done = [_round(contest, stream, settings, tell) for _ in range(rounds)]
        rows.append(contest.figure.of_rounds(done, f"{records:,} records"))
    return rows


def keyed(settings: Settings, records: int, rounds: int, tell: Tell) -> list[Row]:
    """The figure about a model per key; the first run does not count."""
    by_key, together = TASKS["keyed"], TASKS["together"]
    stream = fill(settings, by_key, records, tell)
    measured(stream, settings, by_key, tell)
    done = [
        (measured(stream, settings, by_key, tell), measured(stream, settings, together, tell)) for _ in range(rounds)
    ]
    return [figures.KEYED.of_rounds(done, f"{records:,} records")]


def _round(contest: Contest, stream: Stream, settings: Settings, tell: Tell) -> tuple[float, float]:
    theirs = contest.rate(contest.task, stream)
    tell(f"{contest.peer}, {contest.task.name}: {theirs:,.0f}/s")
    ours = measured(stream, settings, contest.task, tell)
    tell(f"Headrace is at {ours / theirs:.2f} of it")
    return ours, theirs
