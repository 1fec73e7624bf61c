"""Which of a reader's types fastavro reads a value of the writer's as."""

from __future__ import annotations

from typing import Any

_NAMED = ("record", "enum", "fixed")
_WIDER = {
    "int": ("long", "float", "double"),
    "long": ("float", "double"),
    "float": ("double",),
    "string": ("bytes",),
    "bytes": ("string",),
}


def kind_of(type_: Any) -> str:
    """What kind of type it is, for the name of another type this name; empty for a union.

    >>> kind_of({"type": "long", "logicalType": "timestamp-millis"}), kind_of("string"), kind_of(["null", "int"])
    ('long', 'string', '')
    """
    kind = type_["type"] if isinstance(type_, dict) else type_
    return kind if isinstance(kind, str) else ""


def logical_of(type_: Any) -> str:
    """What a type stands for, as fastavro calls it; empty for one that stands for itself.

    >>> logical_of({"type": "int", "logicalType": "date"}), logical_of("int")
    ('int-date', '')
    """
    return f"{kind_of(type_)}-{type_['logicalType']}" if isinstance(type_, dict) and "logicalType" in type_ else ""


def branch_for(writer: Any, reader: Any) -> Any:
    """The reader's type, of a union the first one, that takes the writer's, which is no union; None where none does.

    >>> branch_for("int", ["null", "string", "double"])
    'double'
    """
    branches = reader if isinstance(reader, list) else [reader]
    return next((branch for branch in branches if _takes(branch, writer)), None)


def _takes(reader: Any, writer: Any) -> bool:
    kind, wanted = kind_of(writer), kind_of(reader)
    if kind in _NAMED:
        return kind == wanted and _is_named(reader, writer) and reader.get("size") == writer.get("size")
    return wanted == kind or wanted in _WIDER.get(kind, ())


def _is_named(reader: Any, writer: Any) -> bool:
    """Whether the reader's type has the writer's name, namespaces aside, or once had it."""
    name, aliases = writer["name"].split(".")[-1], reader.get("aliases", ())
    return reader["name"].split(".")[-1] == name or writer["name"] in aliases or name in aliases
