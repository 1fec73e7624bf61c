"""Whatever happens between two records, later predictions are those of an undisturbed run, to the last bit."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Event
from time import perf_counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from river import compose, forest, linear_model, preprocessing, stats

from models.outcome import Batch
from models.recovery import MemoryState, Recoverable, ShardState
from models.shard import Shard
from models.stage import Stage
from schemas.errors import Retryable
from tests.models.pipelines import CASES, Case, Record, bare, departures, phishing
from tests.models.test_shard import Stumbling, said

cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


AWAY = Event()


class Waiting(Stumbling):
    """Asks a service about its second record."""

    def predict_one(self, x: Record) -> float:
        if x["a"] == 2.0 and AWAY.is_set():
            raise Retryable("service is away")
        return super().predict_one(x)


class Ticking:
    """A clock that goes on by `step_s` whenever it is read."""

    def __init__(self, step_s: float) -> None:
        self.now_s = 0.0
        self.step_s = step_s

    def __call__(self) -> float:
        self.now_s += self.step_s
        return self.now_s


def encode(records: list[Record]) -> bytes:
    return json.dumps(records).encode()


def decode(frame: bytes) -> Batch:
    records = json.loads(frame)
    return Batch(records, list(range(len(records))))


def cut(records: list[Record], sizes: list[int]) -> list[bytes]:
    frames: list[bytes] = []
    start = 0
    while start < len(records):
        size = sizes[len(frames) % len(sizes)]
        frames.append(encode(records[start : start + size]))
        start += size
    return frames


@cases
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=5),
    crashes=st.sets(st.integers(0, 12)),
    step_s=st.sampled_from([0.0, 0.3, 5.0]),
)
def test_a_crash_changes_nothing(case: Case, sizes: list[int], crashes: set[int], step_s: float) -> None:
    records = case.records()[:240]
    expected, _ = bare(case, records)
    state, clock = MemoryState(), Ticking(step_s)
    stage = case.stage()
    live = Recoverable(decode, lambda: Shard([stage]), state, clock=clock)
    got: list[Any] = []
    for number, frame in enumerate(cut(records, sizes)):
        if number in crashes:
            live = Recoverable(decode, lambda: Shard([stage]), state, clock=clock)
        got += said(live.process(frame).predictions)
    assert got == expected
    assert live.shard.learned == len(records)


@settings(max_examples=20, deadline=None)
@given(
    bad=st.sets(st.integers(0, 59)),
    sizes=st.lists(st.integers(1, 25), min_size=1, max_size=4),
    crashes=st.sets(st.integers(0, 8)),
)
def test_records_that_fail_in_learning_leave_no_trace(bad: set[int], sizes: list[int], crashes: set[int]) -> None:
    records = [{"a": -1.0 if i in bad else 1.0, "y": 1.0} for i in range(60)]
    state = MemoryState()
    live = stumbling(state)
    outcomes = []
    for number, frame in enumerate(cut(records, sizes)):
        if number in crashes:
            live = stumbling(state)
        outcomes.append(live.process(frame))
    counts = [p and p.prediction for outcome in outcomes for p in outcome.predictions]
    assert counts == [None if i in bad else float(sum(j not in bad for j in range(i))) for i in range(60)]
    rejected = [r for outcome in outcomes for r in outcome.rejected.values()]
    assert len(rejected) == len(bad)
    assert {(r.node, r.error.reason) for r in rejected} <= {("model", "learn_failed")}
    rejects = live.shard.rejects
    assert (rejects.records, rejects.rejected, live.shard.learned) == (60, len(bad), 60 - len(bad))


def test_positions_of_rejected_records_are_those_in_the_frame() -> None:
    outcome = stumbling(MemoryState()).process(encode([{"a": float(a), "y": 1.0} for a in (1, -1, 1, -1, -1, 1)]))
    assert sorted(outcome.rejected) == [1, 3, 4]
    assert [p is None for p in outcome.predictions] == [False, True, False, True, True, False]
    assert outcome.learned == 3


def test_two_records_of_a_frame_that_fail_behind_a_transformer_that_learns_leave_no_trace() -> None:
    good = phishing()[:30]
    no_number, lacking = {**good[0], "ip_in_url": "no"}, {"ip_in_url": 1.0, "y": True}
    outcome = mini_batches(MemoryState()).process(encode([*good[:3], no_number, *good[3:8], lacking, *good[8:]]))
    assert {i: r.error.reason for i, r in outcome.rejected.items()} == {3: "predict_failed", 9: "wrong_type"}
    expected = mini_batches(MemoryState()).process(encode(good)).predictions
    assert [p for p in outcome.predictions if p] == expected
    assert outcome.learned == 16


def test_a_model_without_a_seed_starts_from_the_same_one_after_a_crash() -> None:
    state = MemoryState()
    frames = cut(phishing()[:300], [100])

    def fresh() -> Shard:
        return Shard([Stage("model", forest.ARFClassifier(3), label="y")])

    live = Recoverable(decode, fresh, state)
    for frame in frames[:2]:
        live.process(frame)
    restored = Recoverable(decode, fresh, state)
    assert said(restored.process(frames[2]).predictions) == said(live.process(frames[2]).predictions)


def test_snapshots_follow_the_work_done() -> None:
    state = MemoryState()
    stage = CASES[0].stage()
    live = Recoverable(decode, lambda: Shard([stage]), state, clock=Ticking(0.5))
    frames = cut(phishing()[:250], [10])
    lengths = []
    for frame in frames:
        live.process(frame)
        lengths.append(len(state.log()))
    assert lengths == [*range(1, 20), 0, *range(1, 6)]  # pickling takes 0.5 s: 10 s of work have to pass in between


def test_snapshots_are_some_seconds_apart() -> None:
    state, clock = MemoryState(), Ticking(0.0)

    def waited_for(frame: bytes) -> Batch:
        clock.now_s += 1.0
        return decode(frame)

    live = Recoverable(waited_for, lambda: Shard([CASES[0].stage()]), state, clock=clock)
    lengths = []
    for frame in cut(phishing()[:70], [10]):
        live.process(frame)
        lengths.append(len(state.log()))
    assert lengths == [1, 2, 0, 1, 2, 0, 1]


def test_notes_travel_with_the_snapshot() -> None:
    state = MemoryState()
    live = stumbling(state)
    live.shard.notes["epoch"] = 7
    live.snapshot()
    assert stumbling(state).shard.notes == {"epoch": 7}


def test_a_frame_that_has_to_wait_can_be_given_again() -> None:
    records = [{"a": 1.0, "y": 1.0}, {"a": 2.0, "y": 1.0}]
    live = Recoverable(decode, lambda: Shard([Stage("model", Waiting(), label="y")]), MemoryState())
    AWAY.set()
    with pytest.raises(Retryable):
        live.process(encode(records))
    AWAY.clear()
    assert said(live.process(encode(records)).predictions) == [0.0, 1.0]


def test_metrics_survive() -> None:
    state = MemoryState()
    stage = CASES[0].stage()
    live = Recoverable(decode, lambda: Shard([stage]), state)
    for frame in cut(departures_of_numbers(), [50]):
        live.process(frame)
    restored = Recoverable(decode, lambda: Shard([stage]), state)
    assert restored.shard.metrics is not None
    assert live.shard.metrics is not None
    assert restored.shard.metrics.as_dict() == live.shard.metrics.as_dict()


def departures_of_numbers() -> list[Record]:
    return [{"delay": record["delay"], "y": record["y"]} for record in departures()[:200]]


def stumbling(state: ShardState, clock: Callable[[], float] = perf_counter) -> Recoverable:
    return Recoverable(decode, lambda: Shard([Stage("model", Stumbling(), label="y")]), state, clock=clock)


def mini_batches(state: MemoryState) -> Recoverable:
    stages = [Stage("filled", preprocessing.PreviousImputer()), CASES[0].stage(batch=16)]
    return Recoverable(decode, lambda: Shard(stages), state)


def test_a_shard_with_more_stages_than_before_goes_on_with_what_the_others_have_learned() -> None:
    records = phishing()[:300]
    first, second, third = cut(records, [100])
    model = Stage("model", preprocessing.StandardScaler() | linear_model.LogisticRegression(), label="y")
    filled = Stage("filled", preprocessing.StatImputer(("https", stats.Mean())))  # with nothing to fill in

    def planned(*stages: Stage) -> Recoverable:
        return Recoverable(decode, lambda: Shard(stages), state)

    state = MemoryState()
    undisturbed = planned(model)
    expected = [undisturbed.process(frame).predictions for frame in (first, second, third)]
    state = MemoryState()
    assert planned(model).process(first).predictions == expected[0]
    assert len(state.log()) == 1  # learned by the shard as it was, before it becomes another one
    grown = planned(filled, model)
    assert grown.process(second).predictions == expected[1]
    again = planned(filled, model)
    assert again.process(third).predictions == expected[2]
    assert again.shard.transforms.stages[0].models[None].stats["https"].n == 200


def test_a_stage_that_learns_nothing_does_what_it_is_told_now_and_the_model_goes_on() -> None:
    frames = [encode([{"a": float(n), "y": n % 2 == 0} for n in range(start, start + 50)]) for start in (0, 50)]
    model = Stage("model", linear_model.LogisticRegression(), label="y")

    def planned(state: MemoryState, prefix: str) -> Recoverable:
        return Recoverable(decode, lambda: Shard([Stage("named", compose.Prefixer(prefix)), model]), state)

    state = MemoryState()
    planned(state, "old_").process(frames[0])
    assert len(state.log()) == 1
    changed = planned(state, "new_")
    outcome = changed.process(frames[1])
    assert outcome.features["named"][0] == {"new_a": 50.0}
    assert changed.shard.learned == 100
    assert changed.shard.model.weights.keys() == {"old_a", "new_a"}
    again = planned(state, "new_")
    assert again.shard.model.weights == changed.shard.model.weights


def test_where_nothing_learns_no_frame_is_kept() -> None:
    stage = Stage("chosen", compose.Select("a"))
    frame = encode([{"a": 1.0}, {"a": 2.0}])
    state = MemoryState()
    recoverable = Recoverable(decode, lambda: Shard([stage]), state, clock=Ticking(0.0))
    outcome = recoverable.process(frame)
    assert state.log() == []
    restored = Recoverable(decode, lambda: Shard([stage]), state, clock=Ticking(0.0))
    assert restored.process(frame).features == outcome.features


def test_what_was_counted_where_nothing_learns_is_part_of_a_snapshot() -> None:
    stage = Stage("chosen", compose.Select("a"))
    state, clock = MemoryState(), Ticking(0.0)

    def slowly(frame: bytes) -> Batch:
        clock.now_s += 3.0
        return decode(frame)

    Recoverable(slowly, lambda: Shard([stage]), state, clock=clock).process(encode([{"a": 1.0}]))
    assert Recoverable(decode, lambda: Shard([stage]), state).shard.rejects.records == 1
