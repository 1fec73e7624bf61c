"""Avro schemas as plain JSON: the ones that ship, and the check that something is one."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import fastavro
from fastavro.schema import SchemaParseException, UnknownType

from schemas.errors import Fatal
from schemas.scan import InvalidSchema, scanner

_FOLDER = Path(__file__).parent


def load_schema(name: str) -> dict[str, Any]:
    """The schema that ships as `schemas/<name>.avsc`. Raises Fatal when there is none.

    >>> load_schema("phishing")["name"]
    'Phishing'
    """
    file = _FOLDER / f"{name}.avsc"
    if not file.is_file():
        shipped = ", ".join(sorted(path.stem for path in _FOLDER.glob("*.avsc")))
        raise Fatal(f'schema "{name}": not found', hint=f"there are: {shipped}")
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return schema


def read_schema(name: str, what: str) -> dict[str, Any]:
    """The schema that ships under a name, or that is in a file that ends in .avsc. Raises Fatal, naming `what` asks."""
    if not name.endswith(".avsc"):
        return load_schema(name)
    try:
        schema: dict[str, Any] = json.loads(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Fatal(f'{what}: schema "{name}": {error}') from error
    return schema


def parse(schema: Any) -> Any:
    """The schema with names resolved, as fastavro wants it. Raises InvalidSchema.

    >>> parse({"type": "fixed", "name": "id", "size": -1})
    Traceback (most recent call last):
    schemas.scan.InvalidSchema: fixed "id": size -1
    """
    try:
        parsed = fastavro.parse_schema(copy.deepcopy(schema))
        scanner(parsed)
    except (SchemaParseException, UnknownType) as error:
        raise InvalidSchema(str(error)) from error
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InvalidSchema(f"not an Avro schema: {error}") from error
    return parsed


def canonical(schema: Any) -> str:
    """The one JSON text that equal schemas share, whatever their order of attributes and white space.

    >>> canonical({"type": "string", "doc": "a"}) == canonical({"doc": "a", "type": "string"})
    True
    """
    return json.dumps(schema, sort_keys=True, separators=(",", ":"))
