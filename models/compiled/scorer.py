"""A model of river that is only asked, about many records at once, by its compiled twins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, takewhile
from typing import Any, TypeAlias

import numpy as np

from models.compiled.chain import parts
from models.compiled.entry import EXACT, matrix
from models.compiled.front import Choose, chooser, chosen
from models.compiled.pipeline import CompiledPipeline
from models.compiled.rows import of_grid
from models.compiled.twin import Answers, NoTwin
from models.predictions import Predictions
from models.sampling import without_samples
from models.stage import Kind, kind_of
from schemas.kernel import FloatGrid, Places

Records: TypeAlias = Sequence[dict[str, Any]]
Said: TypeAlias = tuple[Any, dict[Any, float] | None]
"""A prediction, and the probabilities, None where the model has none."""

_ROOM = 10_000
_NUMBERS = frozenset({float, int, bool})


class CompiledScorer:
    """The twins of a model, which say what the model says, to the last bit. Raises NoTwin where a step has none.

    What it has met while it was asked is forgotten when there is too much of it.

    >>> from river import linear_model
    >>> model = linear_model.LinearRegression()
    >>> model.learn_one({"delay": 2.0}, 3.0)
    >>> CompiledScorer(model).ask([{"delay": 2}, {"delay": None}]), model.predict_one({"delay": 2})
    ([(0.3, None), None], 0.3)
    """

    def __init__(self, model: Any) -> None:
        if kind_of(model) not in (Kind.CLASSIFIER, Kind.REGRESSOR):
            raise NoTwin("only classifiers and regressors are asked this way: to ask others may change them")
        steps = parts(without_samples(model))
        self._chooses: list[Choose] = [choose for choose in takewhile(bool, map(chooser, steps)) if choose]
        self._steps = steps[len(self._chooses) :]
        self._asked: tuple[str, ...] | None = None
        self._looked_at: dict[str, int] | None = None
        self._load()

    def ask(self, records: Records) -> list[Said | None]:
        """What the model says of each record, None where only river can tell.

        The records, of which there is one at least, have the same features in the same order.
        """
        said: list[Said | None] = [None] * len(records)
        numbers = self._plain(records)
        found = numbers if numbers is not None else self._mixed(records)
        if found is None:
            return said
        names, grid, positions = found
        cells = of_grid(self._compiled.known.fields(names), grid)
        answers = self._compiled.learn(cells, np.full(len(grid), -1.0), np.zeros(len(grid), np.bool_))
        if answers is not None:
            for position, each in zip(positions.tolist(), _said(answers, len(grid)), strict=True):
                said[position] = each
        if self._met > self._loaded + _ROOM:
            self._load()
        return said

    def _plain(self, records: Records) -> tuple[Sequence[str], FloatGrid, Places] | None:
        """Records of finite numbers alone, at once."""
        values = list(chain.from_iterable(map(dict.values, records)))
        kinds = set(map(type, values))
        places = self._places(tuple(records[0])) if values and kinds <= _NUMBERS else None
        if places is None:
            return None
        try:
            grid = np.array(values, np.float64).reshape(len(records), -1)[:, list(places.values())]
        except OverflowError:
            return None
        below = self._below if kinds == {float} else min(self._below, self._compiled.exact_below, EXACT)
        if not (np.abs(grid) < below).all():
            return None
        return list(places), np.ascontiguousarray(grid), np.arange(len(records))

    def _places(self, names: tuple[str, ...]) -> dict[str, int] | None:
        """Which places are looked at in records of these features, None unless all may be numbers."""
        if self._asked != names:
            places = chosen(self._chooses, {name: place for place, name in enumerate(names)})
            self._asked, self._looked_at = names, None
            if places is not None and (features := self._compiled.take({name: [1.0] for name in places})):
                self._looked_at = {name: places[name] for name in features}
        return self._looked_at

    def _mixed(self, records: Records) -> tuple[Sequence[str], FloatGrid, Places] | None:
        """Records of which some values are null or text, column by column."""
        self._asked = None  # the twins expect text now
        columns = chosen(self._chooses, {name: [record[name] for record in records] for name in records[0]})
        features = None if columns is None else self._compiled.take(columns)
        if not features:
            return None
        grid, good = matrix(list(features.values()), len(records))
        return list(features), grid[good], np.flatnonzero(good)

    def _load(self) -> None:
        self._compiled = CompiledPipeline(self._steps)
        self._compiled.load(0, self._steps)
        self._loaded = self._met
        self._below = self._compiled.finite_below
        self._asked = None

    @property
    def _met(self) -> int:
        known = self._compiled.known
        return len(known.features) + len(known.words)


def _said(answers: Answers, count: int) -> list[Said]:
    places = np.arange(count)
    predictions = Predictions(
        size=count,
        positions=places,
        counts=places,
        labelled=np.zeros(count, np.bool_),
        labels=[],
        numbers=answers.numbers,
        classes=answers.classes,
        probabilities=answers.probabilities,
        order=answers.order,
        chosen=answers.chosen,
    )
    return list(zip(predictions.said.tolist(), predictions.probabilities_by_class, strict=True))
