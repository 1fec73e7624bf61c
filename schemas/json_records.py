"""Plain JSON to records of an Avro schema, as people write it: `null` or the value for a union, ISO 8601 for instants.

What Avro's own JSON encoding has differently are unions: `{"string": "a"}` there is `"a"` here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from schemas.avro import parse
from schemas.errors import Fatal
from schemas.json_logical import logical
from schemas.json_values import Read, Unfit, boolean, null, octets, real, string, symbol, whole, wrong
from schemas.scan import InvalidSchema

_MISSING = object()
_LOSSES = {"double": 1, "float": 2}


def json_reader(schema: dict[str, Any]) -> Callable[[Any], dict[str, Any]]:
    """What makes a record that `Encoder` takes out of an object that orjson has read. Raises Fatal for a bad schema.

    Strict: every field has to be there unless it has a default, no other may be, and nothing is converted. What does
    not fit raises Unfit, which names the field. Values of unions come out with the name of their type.

    >>> fields = [{"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ...           {"name": "size", "type": "int", "default": 1}]
    >>> read = json_reader({"type": "record", "name": "r", "fields": fields})
    >>> read({"at": "2013-01-01T00:00:00Z"})
    {'at': 1356998400000, 'size': 1}
    >>> read({"at": 0, "size": "2"})
    Traceback (most recent call last):
    schemas.json_values.Unfit: is "2", expected a whole number of 32 bits
    """
    try:
        return _Compiler(logical_types=True).record(parse(schema))
    except InvalidSchema as error:
        raise Fatal(f"schema: {error}") from error


class _Compiler:
    """Compiles types into what reads their values; keeps the named ones.

    Defaults stand in a schema as Avro's own JSON has them: a compiler without logical types reads those.
    """

    def __init__(self, *, logical_types: bool) -> None:
        self._named: dict[str, Read] = {}
        self._logical_types = logical_types
        self._defaults = _Compiler(logical_types=False) if logical_types else self

    def read(self, type_: Any) -> Read:
        if isinstance(type_, list):
            return self._union(type_)
        if isinstance(type_, str):
            return _PRIMITIVES.get(type_) or self._named[type_]
        if type_["type"] in ("record", "error"):
            return self.record(type_)
        plain = self._plain(type_)
        if self._logical_types and "logicalType" in type_:
            plain = logical(type_) or plain
        if "name" in type_:
            self._named[type_["name"]] = plain
        return plain

    def record(self, type_: dict[str, Any]) -> Read:
        read = self._named[type_["name"]] = _record([self._field(field) for field in type_["fields"]])
        return read

    def _field(self, field: dict[str, Any]) -> _Field:
        read, read_default = self.read(field["type"]), self._defaults.read(field["type"])
        if "default" not in field:
            return _Field(field["name"], read, _MISSING)
        try:
            return _Field(field["name"], read, read_default(field["default"]))
        except Unfit as error:
            raise InvalidSchema(f'default of field "{field["name"]}" {error.message}') from error

    def _plain(self, type_: dict[str, Any]) -> Read:
        match type_["type"]:
            case "enum":
                return symbol(type_["symbols"])
            case "fixed":
                return octets(type_["size"])
            case "array":
                return _array(self.read(type_["items"]))
            case "map":
                return _map(self.read(type_["values"]))
        return self.read(type_["type"])

    def _union(self, types: Sequence[Any]) -> Read:
        branches = {_name(type_): self.read(type_) for type_ in types}
        nullable = branches.pop("null", None) is not None
        if self._logical_types:  # a default takes the first branch, other numbers the one that keeps all their digits
            branches = dict(sorted(branches.items(), key=lambda branch: _LOSSES.get(branch[0], 0)))
        return _union(tuple(branches.items()), nullable)


class _Field(NamedTuple):
    name: str
    read: Read
    default: Any


def _record(fields: Sequence[_Field]) -> Read:
    names = frozenset(field.name for field in fields)

    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise wrong(value, "an object")
        record = {}
        for name, read_field, default in fields:
            given = value.get(name, _MISSING)
            if given is not _MISSING:
                try:
                    record[name] = read_field(given)
                except Unfit as error:
                    raise error.within(name) from None
            elif default is not _MISSING:
                record[name] = default
            else:
                raise Unfit("is missing, and the schema has no default for it", name)
        if not names.issuperset(value):
            unknown = next(name for name in value if name not in names)
            raise Unfit("is not in the schema", str(unknown)[:80], hint=f"it has {', '.join(sorted(names))}")
        return record

    return read


def _array(read_item: Read) -> Read:
    def read(value: Any) -> list[Any]:
        if type(value) is not list:
            raise wrong(value, "a list")
        items = []
        for position, item in enumerate(value):
            try:
                items.append(read_item(item))
            except Unfit as error:
                raise error.within(f"[{position}]") from None
        return items

    return read


def _map(read_value: Read) -> Read:
    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise wrong(value, "an object")
        values = {}
        for key, held in value.items():
            try:
                values[key] = read_value(held)
            except Unfit as error:
                raise error.within(f"[{key[:80]!r}]") from None
        return values

    return read


def _union(branches: Sequence[tuple[str, Read]], nullable: bool) -> Read:
    def read(value: Any) -> tuple[str, Any] | None:
        if value is None and nullable:
            return None
        refusals = []
        for name, read_branch in branches:
            try:
                return name, read_branch(value)
            except Unfit as error:
                refusals.append(error)
        if len(refusals) == 1:
            raise refusals[0]
        raise wrong(value, " or ".join([name for name, _ in branches] + ["null"] * nullable))

    return read


def _name(type_: Any) -> str:
    """The name by which fastavro knows a branch of a union."""
    if isinstance(type_, str):
        return type_
    return str(type_.get("name", type_["type"]))


_PRIMITIVES: dict[str, Read] = {
    "null": null,
    "boolean": boolean,
    "int": whole(32),
    "long": whole(64),
    "float": real("float"),
    "double": real("double"),
    "bytes": octets(None),
    "string": string,
}
