"""What is kept of a stage as columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from river import compose, linear_model, preprocessing, tree

from models.compiled.forms import Forms
from models.compiled.learner import CompiledLearner
from models.compiled.rows import of_grid
from models.learner import Learner
from models.outcome import Batch
from models.shard import Shard
from models.stage import Kind, Stage
from tests.models.compiled.pipelines import Record, table
from tests.models.compiled.test_learner import results


def _learn(forms: Forms, words: Sequence[str]) -> list[float]:
    """The predictions of records of one word each."""
    compiled = forms.in_columns()
    assert compiled is not None
    compiled.expect({"page": True})
    codes = compiled.known.words.numbers(("page", word) for word in words)
    records = of_grid(compiled.known.fields(["page"]), codes[:, None].astype(np.float64))
    copies = forms.numbers([None] * len(words))
    answers = compiled.learn(records, np.array([float(len(word)) for word in words]), copies=copies)
    forms.learned_in_columns(compiled, copies)
    assert answers is not None
    assert answers.numbers is not None
    said: list[float] = answers.numbers.tolist()
    return said


def test_words_of_which_nothing_was_learned_are_forgotten() -> None:
    model = compose.Pipeline(preprocessing.FeatureHasher(16, seed=1), linear_model.LinearRegression())
    stage = Stage("model", model, label="y")
    forgetful, other = Forms(Learner(stage), words=10), Forms(Learner(stage))
    for start in range(0, 100, 5):
        words = [f"/{number}" for number in range(start, start + 5)]
        assert _learn(forgetful, words) == _learn(other, words)
    compiled = forgetful.in_columns()
    assert compiled is not None
    assert len(compiled.known.words) <= 15
    ours, theirs = (forms.in_river().copies.models[None][-1].weights for forms in (forgetful, other))
    assert ours == theirs


MODELS = [
    preprocessing.FeatureHasher(16, seed=1) | linear_model.LinearRegression(),
    preprocessing.OneHotEncoder() | linear_model.LinearRegression(),
    tree.HoeffdingTreeClassifier(grace_period=20),
    tree.HoeffdingTreeRegressor(grace_period=20, leaf_prediction="mean"),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_frames_give_what_river_gives_while_words_are_forgotten(model: Any) -> None:
    stage = Stage("model", model, label="y")
    label = float if stage.kind is Kind.REGRESSOR else bool
    river, compiled = Shard([stage]), Shard([stage], is_compiled=True)
    assert isinstance(compiled.estimator, CompiledLearner)
    compiled.estimator._forms = Forms(Learner(stage), words=10)
    for start in range(0, 100, 8):
        records: list[Record] = [{"page": f"/{at}", "y": label(at % 3)} for at in range(start, start + 8)]
        expected = results(river, Batch([dict(record) for record in records], [0] * 8))
        assert results(compiled, Batch(table(records, ("page", "y")), [0] * 8)) == expected
        assert compiled.is_in_columns
