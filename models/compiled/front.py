"""The steps of a pipeline in front of all that learns: over columns where these can do it, else record by record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from river import compose

from models.compiled.chain import parts
from models.compiled.entry import Columns, listed
from models.fields import Fields
from models.river_fields import output_fields
from models.rules import Rules
from models.stateless import is_stateless
from schemas.errors import Fatal, Retryable
from schemas.kernel import Flags

Choose: TypeAlias = Callable[[Mapping[str, Any]], dict[str, Any]]


class Front:
    """Steps that never learn. Some merely choose among columns; the others, and all before them, take dictionaries.

    >>> import numpy as np
    >>> ratio = compose.FuncTransformer(lambda x: {"ratio": x["a"] / x["b"], "a": x["a"]})
    >>> front = Front([ratio, compose.Select("ratio")])
    >>> failed = np.zeros(2, np.bool_)
    >>> front.columns({"a": [1.0, 3.0], "b": [0, 2]}, failed), failed.tolist()
    ({'ratio': [None, 1.5]}, [True, False])
    """

    def __init__(self, steps: Sequence[Any]) -> None:
        chooses = [chooser(step) for step in steps]
        count = max((place for place, choose in enumerate(chooses, 1) if choose is None), default=0)
        self._by_record = steps[:count]
        self._chooses: list[Choose] = [choose for choose in chooses[count:] if choose]

    def columns(self, columns: Columns, failed: Flags) -> Columns | None:
        """What becomes of columns; None where fields differ from record to record or lack one, or no record is left.

        `failed`, `(n,)`, says which records are to be left out; those that fail on the way are added.
        """
        given = self._through(columns, failed) if self._by_record else columns
        return None if given is None else chosen(self._chooses, given)

    def fields(self, fields: Fields) -> Fields:
        """What becomes of fields, as far as that is known before anything runs."""
        for step in self._by_record:
            fields = output_fields(step, fields)
        for choose in self._chooses if isinstance(fields, Mapping) else ():
            fields = choose(fields)  # type: ignore[arg-type]  # it is a mapping
        return fields

    def _through(self, columns: Columns, failed: Flags) -> Columns | None:
        transforms = [step.transform_one for step in self._by_record]
        rows: list[Any] = []
        for index, values in enumerate(zip(*map(listed, columns.values()), strict=True)):
            if failed[index]:
                continue
            x: Any = dict(zip(columns, values, strict=True))
            try:
                for transform in transforms:
                    x = transform(x)
            except (Retryable, Fatal):
                raise
            except Exception:  # noqa: BLE001 - the boundary around user code; who asks why calls it again
                failed[index] = True
            else:
                rows.append(x)
        return _columns(rows, failed)


def chooser(step: Any) -> Choose | None:
    """How a step chooses among columns, None where it does something else."""
    if type(step) is compose.Select and not any(callable(key) for key in step.keys):
        return lambda columns: {name: columns[name] for name in step.keys}
    if type(step) is compose.Discard:
        return lambda columns: {name: column for name, column in columns.items() if name not in step.keys}
    if type(step) is compose.TransformerUnion:
        return _beside([chooser(branch) for branch in parts(step)])
    return None


def chosen(chooses: Iterable[Choose], columns: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What is left of columns when all have chosen, one after the other; None where one misses a column."""
    try:
        for choose in chooses:
            columns = choose(columns)
    except KeyError:
        return None
    return columns


def divided(pipeline: Any, has_twin: Callable[[Any], bool]) -> tuple[list[Any], list[Any]]:
    """The steps that are in front of all that needs a twin, and the others."""
    steps = parts(pipeline)
    count = 0
    for place, step in enumerate(steps, 1):
        if not is_stateless(step) or type(step) is Rules:
            break
        if chooser(step) or not has_twin(step):
            count = place
    return steps[:count], steps[count:]


def _beside(branches: Sequence[Choose | None]) -> Choose | None:
    if not all(branches):
        return None

    def choose(columns: Mapping[str, Any]) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for branch in reversed(branches):
            merged.update(branch(columns))  # type: ignore[misc]  # all are there
        return merged

    return choose


def _columns(rows: list[Any], failed: Flags) -> Columns | None:
    """The rows as columns, with null for records that failed."""
    if not rows or not all(isinstance(row, dict) for row in rows) or any(tuple(row) != tuple(rows[0]) for row in rows):
        return None
    values = iter(zip(*(row.values() for row in rows), strict=True))
    return {name: _spread(column, failed) for name, column in zip(rows[0], values, strict=True)}


def _spread(column: Sequence[Any], failed: Flags) -> list[Any]:
    values = iter(column)
    return [None if is_failed else next(values) for is_failed in failed.tolist()]
