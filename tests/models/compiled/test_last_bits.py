"""Where docs/compiled.md says that twins differ from river, they differ by no more than it says, from equal states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from river import datasets, tree

from models.outcome import Batch
from models.shard import Shard
from models.stage import Stage
from tests.models.compiled.pipelines import Record, table
from tests.models.compiled.test_learner import results
from tests.models.compiled.trees.plain import plain

SMALL = st.lists(st.integers(-1_000, 1_000), min_size=1, max_size=9)
LARGE = st.integers(2**53, 2**62) | st.integers(-(2**62), -(2**53))


@given(small=SMALL, large=LARGE)
@example(small=[3, 5], large=2**53 + 1)
def test_a_tree_splits_a_large_whole_number_from_small_ones_as_river_does_it_but_for_the_last_bit(
    small: list[int], large: int
) -> None:
    splits = tree.HoeffdingTreeClassifier(grace_period=len(small) + 1, delta=0.99, tau=1.0)
    stage = Stage("model", splits, label="y")
    river, compiled = Shard([stage]), Shard([stage], is_compiled=True)
    before: list[Record] = [{"a": number, "y": False} for number in small]
    expected = results(river, Batch([dict(record) for record in before], [0] * len(before)))
    assert results(compiled, Batch(table(before, ("a", "y")), [0] * len(before))) == expected
    assert compiled.is_in_columns
    ours, theirs = _step(compiled, large), _step(river, large)
    assert not compiled.is_in_columns
    assert len(theirs) > 2
    assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-15)


def _step(shard: Shard, value: int) -> list[float]:
    """The numbers of what is said of a record, and of the tree that has learned it."""
    [said] = shard.apply(Batch(table([{"a": value, "y": True}], ("a", "y")), [0])).predictions
    assert said is not None
    return list(_numbers([said.probabilities, plain(shard.model)]))


def _numbers(given: Any) -> Iterator[float]:
    match given:
        case dict():
            yield from _numbers([*given.items()])
        case list() | tuple():
            for each in given:
                yield from _numbers(each)
        case int() | float():
            yield float(given)


CLASSES, NUMBERS = tree.HoeffdingTreeClassifier, tree.HoeffdingTreeRegressor
TREES = [
    (CLASSES(grace_period=20, delta=0.1, memory_estimate_period=400), datasets.Phishing(), 0.01),
    (CLASSES(grace_period=30, tau=0.3, memory_estimate_period=400), datasets.ImageSegments(), 0.01),
    (NUMBERS(grace_period=20, delta=0.1, memory_estimate_period=400), datasets.TrumpApproval(), 0.25),
    (NUMBERS(grace_period=20, leaf_prediction="mean", memory_estimate_period=250), datasets.ChickWeights(), 0.25),
]


@pytest.mark.parametrize(("model", "data", "within"), TREES)
def test_the_size_of_a_tree_is_nearly_that_of_rivers_and_far_from_its_limit_decides_nothing(
    model: Any, data: Any, within: float
) -> None:
    stage = Stage("model", model, label="label")
    river, compiled = Shard([stage]), Shard([stage], is_compiled=True)
    records: list[Record] = [{**x, "label": y} for x, y in list(data)[: 2 * model.memory_estimate_period]]
    times = list(range(len(records)))
    expected = results(river, Batch([dict(record) for record in records], times))
    assert results(compiled, Batch(table(records, tuple(records[0])), times)) == expected
    assert compiled.is_in_columns
    assert plain(compiled.model) == plain(river.model)
    assert _size(compiled.model) == pytest.approx(_size(river.model), rel=within)
    assert _size(river.model) > 0


def _size(model: Any) -> float:
    """What a tree had in bytes when it last estimated its size."""
    size: float = model._size_estimate_overhead_fraction * (
        model._n_active_leaves * model._active_leaf_size_estimate
        + model._n_inactive_leaves * model._inactive_leaf_size_estimate
    )
    return size
