"""Records as other systems write them, made to fit an Avro schema: text to numbers, instants, and so on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from schemas.avro import parse
from schemas.errors import BadRecord

Fit = Callable[[Any], Any]
_WORDS = {"true": True, "false": False}
_BOUNDS = {"int": 1 << 31, "long": 1 << 63}


class Fitting:
    """Makes records fit `schema`: `"12"` to a number, ISO 8601 to an instant, what is missing to its default or null.

    A field that the schema does not have is left out; an instant without a zone is in UTC. Raises BadRecord
    (`wrong_type`) where a value would have to change to fit.

    >>> fields = [{"name": "seats", "type": "int"}, {"name": "tail", "type": ["null", "string"]}]
    >>> fitting = Fitting({"type": "record", "name": "plane", "fields": fields})
    >>> fitting.fit({"seats": "55", "engine": "jet"})
    {'seats': 55, 'tail': None}
    >>> fitting.fit({"seats": "many"})
    Traceback (most recent call last):
    schemas.errors.BadRecord: field "seats": expected int, found 'many'
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        self._fit = _fit_of(parse(schema), {})

    def fit(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The record as the schema has it."""
        try:
            fitted: dict[str, Any] = self._fit(record)
        except _Misfit as error:
            raise BadRecord("wrong_type", str(error)) from error
        return fitted


class _Misfit(ValueError):
    """A value that does not fit, and where it stands."""


def _fit_of(type_: Any, names: dict[str, Fit]) -> Fit:
    if isinstance(type_, list):
        return _union(type_, [_fit_of(branch, names) for branch in type_])
    if isinstance(type_, str):
        return names.get(type_) or _plain(type_)
    if type_.get("logicalType") in _LOGICAL:
        return _checked(type_["logicalType"], _LOGICAL[type_["logicalType"]])
    match type_["type"]:
        case "record":
            fit = names[type_["name"]] = _record(type_["fields"], names)
        case "enum":
            symbols = frozenset(type_["symbols"])
            fit = names[type_["name"]] = _checked(f"one of {', '.join(type_['symbols'])}", lambda x: _among(x, symbols))
        case "fixed":
            size = type_["size"]
            fit = names[type_["name"]] = _checked(f"{size} bytes", lambda x: _sized(x, size))
        case "array":
            fit = _array(_fit_of(type_["items"], names))
        case "map":
            fit = _map(_fit_of(type_["values"], names))
        case inner:
            fit = _fit_of(inner, names)
    return fit


def _record(fields: list[dict[str, Any]], names: dict[str, Fit]) -> Fit:
    steps = [(field["name"], _fit_of(field["type"], names), _absent(field)) for field in fields]

    def fit(record: Any) -> dict[str, Any]:
        if not isinstance(record, Mapping):
            raise _Misfit(f"expected a record, found {record!r}")
        fitted = {}
        for name, fit, absent in steps:
            if name not in record:
                if absent is not None:
                    fitted.update(absent)
                    continue
                raise _Misfit(f'field "{name}": is missing')
            try:
                fitted[name] = fit(record[name])
            except _Misfit as error:
                raise _Misfit(f'field "{name}": {error}') from None
        return fitted

    return fit


def _absent(field: dict[str, Any]) -> dict[str, Any] | None:
    """What an absent field adds to a record: nothing where the codec has a default for it, else null, if it may."""
    if "default" in field:
        return {}
    nullable = isinstance(field["type"], list) and "null" in field["type"]
    return {field["name"]: None} if nullable else None


def _union(branches: list[Any], fits: list[Fit]) -> Fit:
    def fit(value: Any) -> Any:
        if value is None and "null" in branches:
            return None
        if isinstance(value, str) and "string" in branches:
            return value
        for branch in fits:
            try:
                return branch(value)
            except _Misfit as error:
                misfit = error
        raise misfit

    fits = [fit for branch, fit in zip(branches, fits, strict=True) if branch != "null"] or fits
    return fit


def _array(items: Fit) -> Fit:
    return _checked("an array", lambda x: [items(item) for item in x] if isinstance(x, list | tuple) else _no(x))


def _map(values: Fit) -> Fit:
    return _checked("a map", lambda x: {str(k): values(v) for k, v in x.items()} if isinstance(x, Mapping) else _no(x))


def _plain(name: str) -> Fit:
    return _checked(name, _PLAIN[name])


def _checked(expected: str, convert: Fit) -> Fit:
    def fit(value: Any) -> Any:
        try:
            return convert(value)
        except _Misfit:
            raise
        except (ValueError, TypeError, ArithmeticError):
            raise _Misfit(f"expected {expected}, found {value!r:.200}") from None

    return fit


def _no(value: Any) -> Any:
    raise TypeError(value)


def _null(value: Any) -> Any:
    return None if value is None else _no(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    return bool(value) if value in (0, 1) and isinstance(value, int) else _no(value)


def _whole(kind: str) -> Fit:
    bound = _BOUNDS[kind]

    def fit(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
            return int(_no(value))
        number = int(value)
        if (number != value and not isinstance(value, str)) or not -bound <= number < bound:
            _no(value)
        return number

    return fit


def _number(value: Any) -> float:
    return float(_no(value)) if isinstance(value, bool | bytes) or value is None else float(value)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, UUID) else _no(value)


def _bytes(value: Any) -> bytes:
    # text stands for bytes as in Avro's JSON encoding: one character a byte
    return value.encode("latin-1") if isinstance(value, str) else bytes(memoryview(value))


def _sized(value: Any, size: int) -> bytes:
    fixed = _bytes(value)
    return fixed if len(fixed) == size else bytes(_no(value))


def _among(value: Any, symbols: frozenset[str]) -> str:
    return str(value) if isinstance(value, str) and value in symbols else str(_no(value))


def _instant(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value  # ticks since the epoch already
    if isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(instant, datetime):
        return _no(value)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _date(value: Any) -> date:
    day = date.fromisoformat(value) if isinstance(value, str) else value
    return day if isinstance(day, date) and not isinstance(day, datetime) else _no(value)


def _time(value: Any) -> time:
    moment = time.fromisoformat(value) if isinstance(value, str) else value
    return moment if isinstance(moment, time) else _no(value)


_PLAIN: dict[str, Fit] = {
    "null": _null,
    "boolean": _boolean,
    "int": _whole("int"),
    "long": _whole("long"),
    "float": _number,
    "double": _number,
    "bytes": _bytes,
    "string": _string,
}
_LOGICAL: dict[str, Fit] = {
    "timestamp-millis": _instant,
    "timestamp-micros": _instant,
    "date": _date,
    "time-millis": _time,
    "time-micros": _time,
    "decimal": lambda x: Decimal(str(x)) if isinstance(x, Decimal | int | float | str) else _no(x),
    "uuid": lambda x: str(x if isinstance(x, UUID) else UUID(x)),
}
