"""The bounds of what was scaled go over to river as it had learned them itself: whole, or as floats."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from river import compose, linear_model, preprocessing, stats

from models.compiled.learner import CompiledLearner
from models.outcome import Batch
from models.shard import Shard
from models.stage import Stage
from tests.models.compiled.pipelines import Record, table
from tests.models.compiled.test_learner import results


def _halved(x: Record) -> Record:
    """A float of what is even, and a whole number of what is not."""
    return {"a": x["a"] * 3 if x["a"] % 2 else x["a"] / 2}


SMALL = [
    [{"a": 3, "n": None}, {"a": 11, "n": 7}, {"a": 7, "n": 1}],
    [{"a": 3.0, "n": 5}, {"a": 1.0, "n": 9}, {"a": 13.0, "n": None}],
    [{"a": True, "n": 0}, {"a": False, "n": 10}],
]
LARGE = [{"a": 2**54 + at, "n": 2**54 - at} for at in (-9, 5, 3)]
SCALED = [
    lambda: [compose.Select("a"), preprocessing.MinMaxScaler()],
    lambda: [compose.Select("a"), preprocessing.MaxAbsScaler()],
    lambda: [preprocessing.StatImputer(("n", stats.Mean())), preprocessing.MinMaxScaler()],
    lambda: [preprocessing.StatImputer(("n", 0)), preprocessing.MinMaxScaler()],
    lambda: [preprocessing.StatImputer(("n", 16.0)), preprocessing.MaxAbsScaler()],
    lambda: [compose.Select("a"), preprocessing.FeatureHasher(2, seed=1), preprocessing.MinMaxScaler()],
    lambda: [
        preprocessing.StatImputer(("n", stats.Mean())),
        preprocessing.FeatureHasher(1, seed=1),
        preprocessing.MinMaxScaler(),
    ],
    lambda: [
        compose.Select("a") + (compose.Select("n") | preprocessing.StatImputer(("n", stats.Mean()))),
        preprocessing.MinMaxScaler(),
    ],
    lambda: [compose.FuncTransformer(_halved), preprocessing.MinMaxScaler()],
]


@pytest.mark.parametrize("front", SCALED)
@pytest.mark.parametrize("small", list(permutations(SMALL)))
def test_what_was_learned_of_whole_numbers_goes_over_to_river_as_such(front: Any, small: Any) -> None:
    stage = Stage("model", compose.Pipeline(*front(), linear_model.LinearRegression()), label="y")
    river, compiled = Shard([stage]), Shard([stage], is_compiled=True)
    for number, records in enumerate([*small, LARGE, LARGE]):
        labelled = [{**record, "y": 1.0} for record in records]
        given_as = labelled if number == 1 else table(labelled, ("a", "n", "y"))
        expected = results(river, Batch([dict(record) for record in labelled], [0] * len(labelled)))
        assert results(compiled, Batch(given_as, [0] * len(labelled))) == expected
        assert isinstance(compiled.estimator, CompiledLearner)
        assert compiled.estimator.is_in_columns == (number in (0, 2))
        assert _bounds(compiled.model) == _bounds(river.model)


def _bounds(model: Any) -> str:
    """What the scaler in front of a linear model has learned; True counts as 1."""
    *_, scaler, _ = model.steps.values()
    learned = [scaler.abs_max] if isinstance(scaler, preprocessing.MaxAbsScaler) else [scaler.min, scaler.max]
    return repr([sorted((name, +stat.get()) for name, stat in each.items()) for each in learned])
