"""The fields of a parsed record schema."""

from __future__ import annotations

from typing import Any

from schemas.errors import Fatal

INSTANT = {"type": "long", "logicalType": "timestamp-millis"}


def field_type(record: dict[str, Any], name: str, what: str = "field") -> Any:
    """The type of a field. Raises Fatal, naming `what` asks for it, where there is none."""
    for field in record["fields"]:
        if field["name"] == name:
            return field["type"]
    there = ", ".join(field["name"] for field in record["fields"])
    raise Fatal(f'{what} "{name}": schema "{record["name"]}" has no such field', hint=f"it has {there}")


def plain_type(kind: Any) -> str:
    """The name of a type, null aside; "union" where more than one is left.

    >>> plain_type(["null", {"type": "long", "logicalType": "timestamp-millis"}])
    'long'
    """
    if isinstance(kind, list):
        [kind, *more] = [branch for branch in kind if branch != "null"] or ["null"]
        return "union" if more else plain_type(kind)
    return plain_type(kind["type"]) if isinstance(kind, dict) else str(kind)
