"""Keeps nulls and non-finite numbers away from whatever learns: one NaN makes a linear model NaN for ever.

A pipeline is followed up to its first step that learns and is not a repair; what would reach that step is examined
before anything has learned. River's imputers are repairs of nulls; a transformer with the class attribute
`accepts_null = True` is one of nulls and non-finite numbers. In a union every branch is examined by itself, but for
those that learn nothing where nothing learns behind the union, either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from river import compose, preprocessing

from models.stage import Kind
from models.stateless import is_stateless
from schemas.errors import BadRecord

_IMPUTERS = (preprocessing.StatImputer, preprocessing.PreviousImputer)
_HARMLESS = (bool, str, int, bytes)

Examine = Callable[[Any], None]
_Follow = Callable[[Any], Any]


def guard(pipeline: Any, node: str) -> Examine:
    """A function that raises BadRecord (null_feature, not_finite) where learning from `x` would poison `pipeline`.

    >>> examine = guard(preprocessing.StandardScaler(), "model")
    >>> examine({"delay": 3.0})
    >>> examine({"delay": None})
    Traceback (most recent call last):
    ...
    schemas.errors.BadRecord: feature "delay": null, expected a value (node "model")
    hint: put an imputer in front, or leave the field out
    """
    scan = _Scan(node)
    follow, _ = _follow(pipeline, scan, last=True)
    if follow is None or not scan.used:
        return _nothing
    if follow == scan.look:
        return scan.look

    def examine(x: Any) -> None:
        follow(x)

    return examine


def examine_label(y: Any, kind: Kind, node: str, field: str) -> None:
    """Raise BadRecord (not_finite, wrong_type) where `y` is no label for an estimator of this kind."""
    if isinstance(y, float) and not isfinite(y):
        raise BadRecord("not_finite", f'label "{field}": {y}, expected a finite number (node "{node}")')
    if kind is Kind.REGRESSOR and not isinstance(y, int | float):
        raise BadRecord("wrong_type", f'label "{field}": {type(y).__name__}, expected a number (node "{node}")')
    if kind is Kind.CLASSIFIER and not isinstance(y, (*_HARMLESS, float)):
        raise BadRecord("wrong_type", f'label "{field}": {type(y).__name__}, expected a class (node "{node}")')


class _Scan:
    """Looks at every value of a record; while all are numbers, one sum in C does it."""

    def __init__(self, node: str, *, nulls: bool = False) -> None:
        self._node = node
        self._nulls = nulls
        self._numbers_only = True
        self.used = False  # whether anything is examined at all

    def taking_nulls(self) -> _Scan:
        return _Scan(self._node, nulls=True)

    def look(self, x: Any) -> None:
        if self._numbers_only:
            try:
                if isfinite(sum(x.values())):
                    return
            except (TypeError, OverflowError, AttributeError):
                self._look_closely(x)
                self._numbers_only = False
                return
        self._look_closely(x)

    def _look_closely(self, x: Any) -> None:
        if not isinstance(x, Mapping):  # text, for instance
            return
        for name, value in x.items():
            if value is None:
                if not self._nulls:
                    raise BadRecord(
                        "null_feature",
                        f'feature "{name}": null, expected a value (node "{self._node}")',
                        hint="put an imputer in front, or leave the field out",
                    )
            elif isinstance(value, float) and value - value != 0.0:
                raise BadRecord(
                    "not_finite", f'feature "{name}": {value}, expected a finite number (node "{self._node}")'
                )


def _follow(step: Any, scan: _Scan, *, last: bool) -> tuple[_Follow | None, bool]:
    """How to follow a record through `step`, None if nothing in it learns, and whether all is examined at its end.

    `last` says that nothing learns behind it.
    """
    if is_stateless(step):
        return None, False
    if type(step) is compose.Pipeline:
        return _follow_steps(list(step.steps.values()), scan, last=last)
    if type(step) is compose.TransformerUnion:
        return _follow_branches(list(step.transformers.values()), scan, last=last)
    if isinstance(step, _IMPUTERS):
        scan.used = True
        return _then(scan.taking_nulls().look, step.transform_one), False
    if getattr(type(step), "accepts_null", False):
        return step.transform_one, False
    scan.used = True
    return scan.look, True


def _follow_steps(steps: list[Any], scan: _Scan, *, last: bool) -> tuple[_Follow | None, bool]:
    path: list[_Follow] = []
    learns = False
    for place, step in enumerate(steps, 1):
        follow, examined = _follow(step, scan, last=last and all(map(is_stateless, steps[place:])))
        learns = learns or follow is not None
        path.append(follow or step.transform_one)
        if examined:
            break
    else:
        examined = False
    if not learns:
        return None, False
    if len(path) == 1:
        return path[0], examined

    def along(x: Any) -> Any:
        for follow in path:
            x = follow(x)
        return x

    return along, examined


def _follow_branches(branches: list[Any], scan: _Scan, *, last: bool) -> tuple[_Follow | None, bool]:
    followed = [(branch, *_follow(branch, scan, last=last)) for branch in branches]
    paths = [follow or branch.transform_one for branch, follow, _ in followed]
    if not any(examined for _, _, examined in followed):

        def merge(x: Any) -> Any:
            merged: dict[Any, Any] = {}
            for path in reversed(paths):
                merged.update(path(x))
            return merged

        return merge, False
    ends = [
        path if examined else _then_scan(path, scan)
        for path, (_, follow, examined) in zip(paths, followed, strict=True)
        if follow is not None or not last
    ]

    def each(x: Any) -> None:
        for end in ends:
            end(x)

    return each, True


def _then(look: Examine, transform: _Follow) -> _Follow:
    def follow(x: Any) -> Any:
        look(x)
        return transform(x)

    return follow


def _then_scan(path: _Follow, scan: _Scan) -> _Follow:
    def follow(x: Any) -> None:
        scan.look(path(x))

    return follow


def _nothing(x: Any) -> None:
    """For pipelines in which nothing learns."""
