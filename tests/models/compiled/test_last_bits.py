"""Where docs/compiled.md says that twins differ from river, they differ by no more than it says, from equal states."""

from __future__ import annotations

from typing import Any

import pytest
from river import datasets, tree

from models.outcome import Batch
from models.shard import Shard
from models.stage import Stage
from tests.models.compiled.pipelines import Record, table
from tests.models.compiled.test_learner import results
from tests.models.compiled.trees.plain import plain

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
