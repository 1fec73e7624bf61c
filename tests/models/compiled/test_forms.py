"""What is kept of a stage as columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from river import compose, linear_model, preprocessing

from models.compiled.forms import Forms
from models.compiled.rows import of_dicts
from models.learner import Learner
from models.stage import Stage


def _learn(forms: Forms, words: Sequence[str]) -> list[float]:
    """The predictions of records of one word each."""
    compiled = forms.in_columns()
    assert compiled is not None
    compiled.expect({"page": True})
    codes = [compiled.known.words.number(("page", word)) for word in words]
    compiled.known.fields(["page"])
    records = of_dicts(compiled.known.features, [{"page": float(code)} for code in codes])
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
