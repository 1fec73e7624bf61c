"""Joins and windows, each beside the same in plain Flink SQL and in the peers that have it, round by round."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median

from benchmarks import connector_job, figures, plain_sql
from benchmarks.events import Events, fill
from benchmarks.figures import Figure, Row, Tell
from benchmarks.peer import Peer, Stream, rate, run_bytewax
from benchmarks.queries import AS_OF, INTERVAL, OVER, SESSION, TUMBLING, Measured
from benchmarks.throughput import BYTEWAX_SNAPSHOT_S, QUIX_RECORDS
from engine.settings import Addresses, Settings

FLINK = {INTERVAL: figures.INTERVAL, AS_OF: figures.AS_OF, OVER: figures.OVER, SESSION: figures.SESSION}
START_UP = 10  # the tenth part of the results comes before the span that is measured


@dataclass(frozen=True)
class Work:
    """A join or window over topics, and how many results there are to be."""

    measured: Measured
    events: Events
    results: int

    @property
    def after(self) -> int:
        return self.results // START_UP

    def rate(self, seconds: float) -> float:
        """Records a second that were taken in, if it took so long from the tenth part of the results to the last.

        Where results are sparse it is the time of all records.
        """
        counted = 1 if self.measured.sparse else (self.results - self.after) / self.results
        return self.events.records * len(self.measured.reads) * counted / seconds


def measure(settings: Settings, records: int, rounds: int, tell: Tell) -> list[Row]:
    """The figures about joins and windows; the first run of each does not count."""
    events = fill(settings, Events(f"readings_{records}", f"levels_{records}", records), tell)
    rows, ours = [], {}
    for measured in (*FLINK, TUMBLING):
        work = warm(measured, events, settings, tell)
        if measured in FLINK:
            row, ours[measured] = _against_flink(work, FLINK[measured], settings, rounds, tell)
            rows.append(row)
        else:
            ours[measured] = median(headrace(work, settings) for _ in range(rounds))
    return [*rows, *_against_peers(events, ours, settings, tell)]


def warm(measured: Measured, events: Events, settings: Settings, tell: Tell) -> Work:
    """Run a query once either way, in which the JVM compiles it; the plain one says how many results there are."""
    work = Work(measured, events, plain_sql.run(measured, events, settings, 1)["taken"])
    tell(f"{measured.name}: {work.results:,} results")
    headrace(work, settings)
    return work


def headrace(work: Work, settings: Settings) -> float:
    """Records a second of ours, once. Raises Fatal where not as many results come."""
    return work.rate(connector_job.seconds(work.measured, work.events, settings, work.after, work.results))


def _against_flink(work: Work, figure: Figure, settings: Settings, rounds: int, tell: Tell) -> tuple[Row, float]:
    done = []
    for _ in range(rounds):
        said = plain_sql.run(work.measured, work.events, settings, work.after)
        plain = work.rate((said["ended"] - said["began"]) / 1000)
        ours = headrace(work, settings)
        tell(f"{work.measured.name}: {ours:,.0f}/s, plain Flink SQL {plain:,.0f}/s, ratio {ours / plain:.2f}")
        done.append((ours, plain))
    return figure.of_rounds(done, f"{work.events.records:,} records a stream"), median(ours for ours, _ in done)


def _against_peers(events: Events, ours: dict[Measured, float], settings: Settings, tell: Tell) -> list[Row]:
    """One run each: they take several times as long, and their rates are steady."""
    whole = Stream(Addresses.find(settings).kafka, events.readings, events.records)
    part = replace(whole, records=min(events.records, QUIX_RECORDS))
    found = [
        (figures.QUIX_AS_OF, AS_OF, rate(Peer("quix_events", {"BENCH_LEVELS": events.levels}).run(part)), part),
        (figures.QUIX_TUMBLING, TUMBLING, rate(Peer("quix_events").run(part)), part),
        (figures.BYTEWAX_TUMBLING, TUMBLING, _bytewax("tumbling", whole), whole),
        (figures.BYTEWAX_SESSION, SESSION, _bytewax("session", whole), whole),
    ]
    rows = []
    for figure, measured, theirs, stream in found:
        tell(f"{figure.name}: {ours[measured]:,.0f}/s against {theirs:,.0f}/s")
        how = f"{ours[measured]:,.0f}/s against {theirs:,.0f}/s over {stream.records:,} records a stream"
        rows.append(figure.row(ours[measured] / theirs, how))
    return rows


def _bytewax(window: str, stream: Stream) -> float:
    return rate(run_bytewax(Peer("bytewax_windows", {"BENCH_WINDOW": window}), stream, BYTEWAX_SNAPSHOT_S))
