"""Ten times the records, ten times the keys, one event-time day after the other: time and state stay in step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from statistics import median

from benchmarks import connector_job, figures, growth
from benchmarks.events import KINDS, ORIGINS, STEP_MS, Events, fill
from benchmarks.figures import Row, Tell
from benchmarks.joins import Work, warm
from engine.settings import Settings

TIMES = 10
DAYS = 4
SHORT_ROUNDS = 3  # a short run differs more from the next one


def measure(settings: Settings, records: int, rounds: int, tell: Tell) -> list[Row]:
    """The figures about growth; `records` is the larger number of records in a stream."""
    small = _filled("few", Events("", "", records // TIMES), settings, tell)
    large = _filled("many", Events("", "", records), settings, tell)
    # each key as often as before
    keys = _filled("keys", Events("", "", records, ORIGINS * TIMES, STEP_MS // TIMES), settings, tell)
    more_records, more_keys = {}, {}
    for measured in growth.MEASURED:
        few, many, of_keys = (
            _seconds(warm(measured, events, settings, tell), settings, times)
            for events, times in ((small, SHORT_ROUNDS * rounds), (large, rounds), (keys, rounds))
        )
        more_records[measured.name], more_keys[measured.name] = many / few, of_keys / many
        tell(f"{measured.name}: {few:.1f} s, ten times the records {many:.1f} s, of ten times the keys {of_keys:.1f} s")
    sizes = growth.sizes(settings, DAYS, tell)
    how = f"the largest; median of {rounds} rounds over {records:,} records a stream: "
    return [
        figures.MORE_RECORDS.row(max(more_records.values()), f"{how}{_each(more_records)}"),
        figures.MORE_KEYS.row(max(more_keys.values()), f"{how}{_each(more_keys)}"),
        _grown({name: of[-1] / of[0] for name, of in sizes.items()}),
    ]


def _filled(name: str, events: Events, settings: Settings, tell: Tell) -> Events:
    readings, levels = (f"{kind}s_{name}_{events.records}" for kind in KINDS)
    return fill(settings, replace(events, readings=readings, levels=levels), tell)


def _seconds(work: Work, settings: Settings, rounds: int) -> float:
    """How long it takes from three tenths of the results to seven, the median.

    At either of them the inputs are as far ahead of the transformer as buffers let them, which tells in a short run.
    """
    begin, end = (work.results * tenths // 10 for tenths in (3, 7))
    return median(connector_job.seconds(work.measured, work.events, settings, begin, end) for _ in range(rounds))


def _grown(ratios: Mapping[str, float]) -> Row:
    return figures.STATE.row(max(ratios.values()), f"the largest checkpoint in proportion: {_each(ratios)}")


def _each(found: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in found.items())
