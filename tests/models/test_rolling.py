"""Rolling features equal those computed from the whole past, in any order of arrival within the window."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import compose, preprocessing

from models.pickled import dump, load
from models.rolling import RollingCount, RollingMax, RollingMean, RollingMin, RollingStd, RollingSum, RollingVar

records = st.lists(
    st.fixed_dictionaries(
        {
            "origin": st.sampled_from(["JFK", "EWR"]),
            "delay": st.one_of(st.none(), st.integers(-100, 100).map(float), st.just(float("nan"))),
            "at": st.integers(0, 40_000),
        }
    ),
    max_size=60,
)


def mean() -> RollingMean:
    return RollingMean("delay", by="origin", window="10s", on="at")


@given(past=records)
def test_in_order_the_mean_is_that_of_the_window(past: list[dict[str, Any]]) -> None:
    past.sort(key=lambda x: x["at"])
    rolling, count = mean(), RollingCount(by="origin", window="10s", on="at")
    for i, x in enumerate(past):
        rolling.learn_one(x)
        count.learn_one(x)
        seen = [p for p in past[: i + 1] if p["origin"] == x["origin"] and x["at"] - 10_000 < p["at"] <= x["at"]]
        delays = [p["delay"] for p in seen if p["delay"] is not None and p["delay"] == p["delay"]]
        expected = sum(delays) / len(delays) if delays else 0.0
        assert rolling.transform_one(x) == {"origin_delay_mean_10s": expected}
        assert count.transform_one(x) == {"origin_count_10s": len(seen)}


STATISTICS = {
    "sum": RollingSum,
    "var": RollingVar,
    "std": RollingStd,
    "max": RollingMax,
    "min": RollingMin,
    "mean": RollingMean,
}


def expected(statistic: str, values: list[float]) -> float:
    """The statistic from scratch, in exact arithmetic."""
    exact = [Fraction(value) for value in values]
    if not exact or (len(exact) < 2 and statistic in ("var", "std")):
        return 0.0
    if statistic in ("max", "min"):
        return float(max(exact) if statistic == "max" else min(exact))
    if statistic == "sum":
        return float(sum(exact))
    if statistic == "mean":
        return float(sum(exact)) / len(exact)
    about = sum(exact) / len(exact)
    variance = float(sum((value - about) ** 2 for value in exact) / (len(exact) - 1))
    return math.sqrt(variance) if statistic == "std" else variance


@pytest.mark.parametrize("statistic", STATISTICS)
@settings(deadline=None)
@given(
    past=st.lists(
        st.tuples(st.integers(0, 20_000), st.one_of(st.floats(-1e100, 1e100), st.integers(-3, 3))),
        min_size=1,
        max_size=60,
    ),
    asked_at=st.integers(0, 30_000),
    cut=st.integers(0, 60),
)
def test_a_statistic_is_that_of_the_values_in_the_window(
    statistic: str, past: list[tuple[int, float]], asked_at: int, cut: int
) -> None:
    """In any order of arrival, asked at any time that the window still holds, and after a restart."""
    rolling: Any = STATISTICS[statistic]("delay", by="origin", window="10s", on="at")
    newest = 0
    for i, (at, delay) in enumerate(past):
        if i == cut:
            rolling = load(dump(rolling))
        rolling.learn_one({"origin": "JFK", "delay": delay, "at": at})
        newest = max(newest, at)
        held = [d for t, d in past[: i + 1] if at - 10_000 < t <= at and t > newest - 10_000]
        seen = rolling.transform_one({"origin": "JFK", "at": at})
        assert seen == {f"origin_delay_{statistic}_10s": expected(statistic, held)}
    held = [d for t, d in past if asked_at - 10_000 < t <= asked_at and t > newest - 10_000]
    assert list(rolling.transform_one({"origin": "JFK", "at": asked_at}).values()) == [expected(statistic, held)]


@pytest.mark.parametrize("statistic", STATISTICS)
def test_memory_of_each_statistic_is_bounded(statistic: str) -> None:
    rolling: Any = STATISTICS[statistic]("delay", by="origin", window="10s", on="at")
    for i in range(10_000):
        rolling.learn_one({"origin": f"airport {i % 7} of {i // 1_000}", "delay": 1.0 + i, "at": 1_000 * i})
    assert len(dump(rolling)) < 20_000


def test_a_sum_or_variance_too_large_for_a_double_is_infinite() -> None:
    total, var = (
        RollingSum("delay", by="origin", window="10s", on="at"),
        RollingVar("delay", by="origin", window="10s", on="at"),
    )
    for at, delay in enumerate([1.7e308, 1.7e308, -1.7e308, 1.0]):
        for rolling in (total, var):
            rolling.learn_one({"origin": "JFK", "delay": delay, "at": at})
    assert total.transform_one({"origin": "JFK", "at": 1}) == {"origin_delay_sum_10s": math.inf}
    assert total.transform_one({"origin": "JFK", "at": 2}) == {"origin_delay_sum_10s": 1.7e308}
    assert var.transform_one({"origin": "JFK", "at": 3}) == {"origin_delay_var_10s": math.inf}


@given(
    past=st.lists(st.tuples(st.integers(0, 20_000), st.floats(-1e300, 1e300)), min_size=1, max_size=60),
    asked_at=st.integers(0, 20_000),
)
def test_however_the_values_came_their_sum_is_exact(past: list[tuple[int, float]], asked_at: int) -> None:
    rolling = mean()
    for at, delay in past:
        rolling.learn_one({"origin": "JFK", "delay": delay, "at": at})
    held_from = max(at for at, _ in past) - 10_000
    seen = [delay for at, delay in past if asked_at - 10_000 < at <= asked_at and at > held_from]
    expected = math.fsum(seen) / len(seen) if seen else 0.0
    assert rolling.transform_one({"origin": "JFK", "at": asked_at}) == {"origin_delay_mean_10s": expected}


def test_a_mean_is_finite_though_the_sum_is_not() -> None:
    rolling = mean()
    for at in range(40):
        rolling.learn_one({"origin": "JFK", "delay": 1.5e308, "at": at})
        assert rolling.transform_one({"origin": "JFK", "at": at}) == {"origin_delay_mean_10s": 1.5e308}
    assert rolling.transform_one({"origin": "JFK", "at": 20}) == {"origin_delay_mean_10s": 1.5e308}


@given(past=records, cut=st.integers(0, 60))
def test_state_survives_in_any_order(past: list[dict[str, Any]], cut: int) -> None:
    one = mean()
    other = mean()
    for i, x in enumerate(past):
        if i == cut:
            other = load(dump(other))
        one.learn_one(x)
        other.learn_one(x)
        assert one.transform_one(x) == other.transform_one(x)


@given(past=records)
def test_transforming_changes_nothing(past: list[dict[str, Any]]) -> None:
    asked, unasked = mean(), mean()
    for x in past:
        asked.transform_one({**x, "at": x["at"] + 20_000, "origin": "LGA"})
        asked.transform_one({**x, "at": x["at"] + 20_000})
        asked.learn_one(x)
        unasked.learn_one(x)
    assert dump(asked) == dump(unasked)


def test_a_late_record_sees_no_later_ones() -> None:
    rolling = mean()
    for at, delay in [(0, 1.0), (5_000, 9.0), (2_000, 3.0)]:
        rolling.learn_one({"origin": "JFK", "delay": delay, "at": at})
    assert rolling.transform_one({"origin": "JFK", "at": 2_000}) == {"origin_delay_mean_10s": 2.0}


def test_memory_is_bounded() -> None:
    rolling = mean()
    for i in range(10_000):
        rolling.learn_one({"origin": f"airport {i}", "delay": 1.0, "at": 1_000 * i})
    assert len(dump(rolling)) < 4_000


def test_times_may_be_datetimes() -> None:
    rolling = mean()
    rolling.learn_one({"origin": "JFK", "delay": 4.0, "at": datetime(2013, 1, 1, 12, 0, 0, tzinfo=UTC)})
    asked_at = datetime(2013, 1, 1, 12, 0, 9, tzinfo=UTC)
    assert rolling.transform_one({"origin": "JFK", "at": asked_at}) == {"origin_delay_mean_10s": 4.0}


@pytest.mark.parametrize(
    "x", [{}, {"origin": None, "at": 1}, {"origin": "JFK", "at": None}, {"origin": "LGA", "at": 5}]
)
def test_what_is_not_known_is_zero(x: dict[str, Any]) -> None:
    rolling = mean()
    rolling.learn_one({"origin": "JFK", "delay": 4.0, "at": 1})
    rolling.learn_one(x)
    assert rolling.transform_one(x) == {"origin_delay_mean_10s": 0.0}


def test_it_joins_rivers_unions_and_clones() -> None:
    union = (compose.Select("delay") | preprocessing.StandardScaler()) + mean()
    union += RollingMean("delay", by="origin", window="1m", on="at", name="slow")
    x = {"origin": "JFK", "delay": 4.0, "at": 1}
    union.learn_one(x)
    assert union.transform_one(x) == {"delay": 0.0, "origin_delay_mean_10s": 4.0, "slow": 4.0}
    assert union.clone().transform_one(x)["slow"] == 0.0
