"""The same million records through everything, round by round, so that all share the machine's moods."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median

from benchmarks import figures
from benchmarks.figures import Row, Tell
from benchmarks.filling import fill
from benchmarks.headrace_job import measured
from benchmarks.peer import Peer, Stream, rate, run_bytewax
from benchmarks.peers.tasks import TASKS
from engine.settings import Settings

TASK = TASKS["pages"]
BYTEWAX_SNAPSHOT_S = 5
QUIX_RECORDS = 100_000  # it takes several times as long as the others, and its rate is steady
SMALL_BATCH, LARGE_BATCH = 256, 1024


@dataclass(frozen=True)
class Round:
    """Records a second of each."""

    bare: float
    headrace: float
    bytewax: float
    batches: float


def measure(settings: Settings, records: int, rounds: int, tell: Tell) -> list[Row]:
    """The figures about records a second, after a run of ours that does not count."""
    stream = fill(settings, TASK, records, tell)
    tell("a run to warm up, in which the JVMs compile what they run:")
    measured(stream, settings, TASK, tell)
    done = [_round(stream, settings, tell) for _ in range(rounds)]
    small = measured(stream, settings, TASK, tell, SMALL_BATCH)
    quix = rate(Peer.of(TASK, "quix_app").run(replace(stream, records=min(records, QUIX_RECORDS))))
    tell(f"Quix Streams, exactly once, model in its state: {quix:,.0f}/s")
    headrace, bytewax = median(r.headrace for r in done), median(r.bytewax for r in done)
    return [
        figures.BARE.of_rounds([(r.headrace, r.bare) for r in done], f"{records:,} records"),
        figures.BYTEWAX.of_rounds([(r.headrace, r.bytewax) for r in done], f"{records:,} records"),
        figures.QUIX.row(headrace / quix, f"{headrace:,.0f}/s against {quix:,.0f}/s over {QUIX_RECORDS:,} records"),
        figures.SMALL_BATCHES.row(small / bytewax, f"{small:,.0f}/s against {bytewax:,.0f}/s"),
        figures.BATCHES.row(
            median(r.batches / r.bytewax for r in done),
            f"as above: {median(r.batches for r in done):,.0f}/s against {bytewax:,.0f}/s",
        ),
    ]


def _round(stream: Stream, settings: Settings, tell: Tell) -> Round:
    bare = rate(Peer.of(TASK, "bare").run(stream))
    tell(f"bare loop: {bare:,.0f}/s")
    headrace = measured(stream, settings, TASK, tell)
    bytewax = rate(run_bytewax(Peer.of(TASK, "bytewax_flow"), stream, BYTEWAX_SNAPSHOT_S))
    tell(
        f"Bytewax: {bytewax:,.0f}/s; Headrace is at {headrace / bare:.2f} of bare, {headrace / bytewax:.2f} of Bytewax"
    )
    return Round(bare, headrace, bytewax, measured(stream, settings, TASK, tell, LARGE_BATCH))
