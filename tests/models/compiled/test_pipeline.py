"""A compiled pipeline gives the same however many records pass through it at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from river import datasets, linear_model, preprocessing

from models.compiled.pipeline import CompiledPipeline
from models.compiled.rows import of_grid


@pytest.mark.parametrize("room", [1, 20, 100])
def test_it_gives_the_same_with_little_room(room: int) -> None:
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    pages = list(datasets.Phishing())[:50]
    whole, little = (_learned(CompiledPipeline(model, size), pages) for size in (1_000_000, room))
    np.testing.assert_array_equal(whole, little)


def _learned(compiled: CompiledPipeline, pages: list[tuple[dict[str, float], bool]]) -> Any:
    records = of_grid(compiled.known.fields(pages[0][0]), np.array([list(x.values()) for x, _ in pages]))
    answers = compiled.learn(records, np.array([float(y) for _, y in pages]))
    assert answers is not None
    return answers.probabilities
