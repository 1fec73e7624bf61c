"""How far the fields of a record come in a pipeline, as far as that is known before it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from river import compose, preprocessing

from models.compiled.chain import parts
from models.stateless import is_stateless

_ENCODERS = (preprocessing.OneHotEncoder,)
_Names = frozenset[str]
_NONE: _Names = frozenset()


@dataclass(frozen=True)
class Reach:
    """Of the fields `asked` about, those that have to be there before anything learns, and those that are encoded.

    An encoder makes features of what it is given, whatever it is; fields that are dropped need not be there.
    """

    asked: tuple[str, ...]
    examined: tuple[str, ...]
    encoded: _Names


def reach(steps: Sequence[Any], names: tuple[str, ...]) -> Reach:
    """How far these fields come in the steps of a pipeline.

    >>> numbers = compose.Select("delay") | preprocessing.StandardScaler()
    >>> words = compose.Select("carrier") | preprocessing.OneHotEncoder()
    >>> found = reach([numbers + words], ("delay", "hour", "carrier"))
    >>> found.examined, sorted(found.encoded)
    (('delay', 'carrier'), ['carrier'])
    """
    examined, encoded = _along(steps, frozenset(names))
    return Reach(names, tuple(name for name in names if name in examined), encoded)


def _along(steps: Sequence[Any], names: _Names) -> tuple[_Names, _Names]:
    """The fields that come up to the first step that learns, and those that are encoded on the way or there."""
    encoded = _NONE
    for step in steps:
        names, found = _through(step, names)
        encoded |= found
        if not is_stateless(step):
            break
    return names, encoded


def _through(step: Any, names: _Names) -> tuple[_Names, _Names]:
    if type(step) is compose.Pipeline:
        return _along(parts(step), names)
    if type(step) is compose.TransformerUnion:
        branches = [_through(branch, names) for branch in parts(step)]
        return _NONE.union(*(come for come, _ in branches)), _NONE.union(*(found for _, found in branches))
    if type(step) is compose.Select:
        return names & frozenset(step.keys), _NONE
    if type(step) is compose.Discard:
        return names - frozenset(step.keys), _NONE
    return names, names if type(step) in _ENCODERS else _NONE
