"""How far the fields of a record come in a pipeline, as far as that is known before it runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any

from river import compose, feature_extraction, preprocessing

from models.compiled.chain import parts
from models.stateless import is_stateless

_Names = frozenset[str]
_NONE: _Names = frozenset()


@dataclass(frozen=True)
class Reach:
    """How far fields come: those that are examined before anything learns, and those that are encoded.

    What is examined has to be there, but for those fields that may be `null`: they are filled first, or dropped. An
    encoder makes features of what it is given, whatever it is.
    """

    asked: tuple[str, ...]
    examined: tuple[str, ...]
    null: frozenset[str]
    encoded: frozenset[str]


def reach(steps: Sequence[Any], names: tuple[str, ...]) -> Reach:
    """How far these fields come in the steps of a pipeline.

    >>> numbers = compose.Select("delay") | preprocessing.StatImputer(("delay", 0.0)) | preprocessing.StandardScaler()
    >>> words = compose.Select("carrier") | preprocessing.OneHotEncoder()
    >>> found = reach([numbers + words], ("delay", "hour", "carrier"))
    >>> found.examined, sorted(found.null), sorted(found.encoded)
    (('delay', 'carrier'), ['delay'], ['carrier'])
    """
    found = _along(steps, _Way(come=frozenset(names)))
    examined = found.come | found.scanned
    return Reach(names, tuple(name for name in names if name in examined), examined - found.come, found.encoded)


@dataclass(frozen=True)
class _Way:
    """How far fields have come: as they are, or filled by an imputer, which has scanned all that it was given."""

    come: _Names = _NONE
    filled: _Names = _NONE
    scanned: _Names = _NONE
    encoded: _Names = _NONE


def _along(steps: Iterable[Any], way: _Way) -> _Way:
    """The way up to the first step that learns and is no imputer."""
    for step in steps:
        way = _through(step, way)
        if not is_stateless(step) and type(step) is not preprocessing.StatImputer:
            break
    return way


@singledispatch
def _through(_: Any, way: _Way) -> _Way:
    return way


@_through.register
def _(step: compose.Pipeline, way: _Way) -> _Way:
    return _along(parts(step), way)


@_through.register
def _(step: compose.TransformerUnion, way: _Way) -> _Way:
    branches = [_through(branch, way) for branch in parts(step)]
    return _Way(
        come=_NONE.union(*(branch.come for branch in branches)),
        filled=_NONE.union(*(branch.filled for branch in branches)),
        scanned=_NONE.union(*(branch.scanned for branch in branches)),
        encoded=_NONE.union(*(branch.encoded for branch in branches)),
    )


@_through.register
def _(step: compose.Select, way: _Way) -> _Way:
    return replace(way, come=way.come & set(step.keys), filled=way.filled & set(step.keys))


@_through.register
def _(step: compose.Discard, way: _Way) -> _Way:
    return replace(way, come=way.come - set(step.keys), filled=way.filled - set(step.keys))


@_through.register
def _(step: preprocessing.StatImputer, way: _Way) -> _Way:
    there = way.come | way.filled
    filled = there & step.stats.keys()
    return replace(way, come=way.come - filled, filled=way.filled | filled, scanned=way.scanned | there)


@_through.register
def _(_: preprocessing.OneHotEncoder, way: _Way) -> _Way:
    return replace(way, encoded=way.encoded | way.come | way.filled)


@_through.register
def _(step: feature_extraction.TargetAgg, way: _Way) -> _Way:
    return replace(way, encoded=way.encoded | (way.come | way.filled) & set(step.by or ()))
