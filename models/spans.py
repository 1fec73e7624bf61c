"""The same metrics of all records, of the latest ones, and of all with weights that fade.

Fading factors: Gama, Sebastiao and Rodrigues, On evaluating stream learning algorithms, 2013. There what was added up
is multiplied by the factor at each record; here the weights of records grow by its inverse, which gives the same
metrics, and become small again after each block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import numpy as np

from models.tallies import Tally
from schemas.kernel import Floats

LATEST = 1_000
"""Over how many records metrics slide."""
FADING = 0.999
"""How much less a record counts than the next one."""
_BLOCK = 4_096
_GROWING: Floats = np.array([FADING**-place for place in range(_BLOCK)])

J = TypeVar("J", bound=tuple[Any, ...])


class Spans(Generic[J]):
    """Three tallies of what was judged; `J` are named tuples of arrays of the shape `(n,)`.

    >>> from models.judged import Errors
    >>> from models.tallies import ErrorTally
    >>> spans = Spans(ErrorTally)
    >>> spans.add(Errors(np.array([2.0, -4.0])))
    >>> {name: round(value, 4) for name, value in spans.as_dict().items() if name.startswith("mae")}
    {'mae': 3.0, 'mae_sliding': 3.0, 'mae_fading': 3.0005}
    """

    def __init__(self, make: Callable[[], Tally[J]]) -> None:
        self._make = make
        self.overall, self.fading = make(), make()
        self._faded = 0
        self._latest: J | None = None

    def add(self, judged: J) -> None:
        """Add records, which are at least one."""
        self.overall.add(judged)
        for block, weights in self._blocks(judged):
            self.fading.add(block, weights)
        self._latest = _latest(self._latest, judged)

    def as_dict(self, *, is_binary: bool = False) -> dict[str, float]:
        """The metrics by name; `_sliding` ends the names of those of the latest records, `_fading` those that fade."""
        sliding = self._make()
        if self._latest is not None:
            sliding.add(self._latest)
        metrics = self.overall.as_dict(is_binary=is_binary)
        for ending, tally in (("sliding", sliding), ("fading", self.fading)):
            metrics |= {f"{name}_{ending}": value for name, value in tally.as_dict(is_binary=is_binary).items()}
        return metrics

    def _blocks(self, judged: J) -> Iterator[tuple[J, Floats]]:
        """The records cut where weights become small again, with their weights."""
        start, size = 0, len(judged[0])
        while start < size:
            place = self._faded % _BLOCK
            if self._faded and place == 0:
                self.fading.fade(FADING**_BLOCK)
            count = min(size - start, _BLOCK - place)
            yield _part(judged, slice(start, start + count)), _GROWING[place : place + count]
            start, self._faded = start + count, self._faded + count


def _latest(before: J | None, judged: J) -> J:
    size = len(judged[0])
    if before is None or size >= LATEST:
        return _part(judged, slice(-LATEST, None), np.copy)
    kept = _part(before, slice(size - LATEST, None))
    return type(judged)._make(map(np.concatenate, zip(kept, judged, strict=True)))  # type: ignore[attr-defined, no-any-return]


def _part(judged: J, where: slice, copied: Callable[[Any], Any] = np.asarray) -> J:
    return type(judged)._make(copied(array[where]) for array in judged)  # type: ignore[attr-defined, no-any-return]
