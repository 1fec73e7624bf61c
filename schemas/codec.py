"""Records to bytes and back: Avro binary behind a zero byte and the schema's id, as Confluent's clients write it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import fastavro
import numpy as np
import numpy.typing as npt
from fastavro.read import SchemaResolutionError

from schemas.avro import load_schema, parse
from schemas.column_reader import ColumnReader
from schemas.errors import BadRecord, Fatal
from schemas.layout import HEADER_BYTES, Layout
from schemas.resolution import check_kinds, check_logical_types, set_defaults, shape
from schemas.scan import Corrupt, InvalidSchema, Step, scanner
from schemas.table import Table

__all__ = ["Decoder", "Encoder", "load_schema", "schema_id"]

MAGIC = 0
_BOUNDS = {"int": 1 << 31, "long": 1 << 63}
_MAX_SCHEMA_ID = (1 << 31) - 1


def schema_id(value: bytes | None) -> int:
    """The id of the schema that `value` was written with. Raises BadRecord: `null_value`, `no_magic`.

    >>> schema_id(bytes([0, 0, 0, 0, 7]) + b"...")
    7
    """
    if value is None:
        raise BadRecord("null_value", "the value is null")
    if len(value) < HEADER_BYTES or value[0] != MAGIC:
        raise BadRecord("no_magic", f"expected a zero byte and a schema id, found {bytes(value[:HEADER_BYTES])!r}")
    return int.from_bytes(value[1:HEADER_BYTES], "big")


@dataclass(frozen=True)
class _Writing:
    """How records written with one schema become records of the reader's."""

    schema: Any
    reader: Any  # None where nothing is to be resolved
    scan: Step
    layout: Layout | None
    columns: ColumnReader | None


class Decoder:
    """Decodes records of any writer's schema into those of the schema `reader`.

    `writer` gives the schema of an id, or raises BadRecord (`unknown_schema`); it is asked once per id. What a decoder
    raises is BadRecord with reason `null_value`, `no_magic`, `unknown_schema`, `corrupt` or `wrong_type`. `scanned`
    says that the JVM has walked the bytes and found them to be one record, so that they need not be walked again.

    >>> schema = {"type": "record", "name": "point", "fields": [{"name": "x", "type": "double"}]}
    >>> decoder = Decoder(schema, {7: schema}.__getitem__)
    >>> decoder.decode(Encoder(schema, 7).encode({"x": 1.5}))
    {'x': 1.5}
    """

    def __init__(
        self, reader: dict[str, Any], writer: Callable[[int], dict[str, Any]], *, scanned: bool = False
    ) -> None:
        self._scanned = scanned
        self._reader = _parse_record(reader)
        set_defaults(self._reader)
        self._reader_shape = shape(self._reader)
        self._writer = writer
        self._writings: dict[int, _Writing | BadRecord] = {}

    def decode(self, value: bytes | None) -> dict[str, Any]:
        """The record in `value`. Raises BadRecord."""
        writing = self._writing(schema_id(value))
        assert value is not None
        return _decode(writing, value, scanned=self._scanned)

    def decode_all(self, values: Sequence[bytes | None]) -> list[dict[str, Any] | BadRecord]:
        """The record in each of `values`, or what is wrong with it; the same as `decode` one by one, but faster."""
        header, layout = self._usual(values)
        if layout is None:
            return [self._decode_or_error(value) for value in values]
        size = layout.size_bytes
        usual = [value is not None and len(value) == size and value.startswith(header) for value in values]
        fast = iter(layout.records([value for value, same in zip(values, usual, strict=True) if same and value]))
        return [
            (same and next(fast)) or self._decode_or_error(value) for value, same in zip(values, usual, strict=True)
        ]

    def decode_table(self, values: bytes, sizes: npt.NDArray[np.int32]) -> Table | None:
        """The records in `values`, one after the other, as columns; None where they have to be decoded one by one."""
        try:
            writing = self._writing(schema_id(values))
        except BadRecord:
            return None
        if writing.layout:
            return writing.layout.table(values) if (sizes == writing.layout.size_bytes).all() else None
        return writing.columns.table(values, sizes) if writing.columns and self._scanned else None

    def _usual(self, values: Sequence[bytes | None]) -> tuple[bytes, Layout | None]:
        """The header of the first record whose schema is known, and that schema's layout."""
        for value in values:
            try:
                writing = self._writing(schema_id(value))
            except BadRecord:
                continue
            return (value or b"")[:HEADER_BYTES], writing.layout
        return b"", None

    def _decode_or_error(self, value: bytes | None) -> dict[str, Any] | BadRecord:
        try:
            return self.decode(value)
        except BadRecord as error:
            return error

    def _writing(self, id_: int) -> _Writing:
        writing = self._writings.get(id_)
        if writing is None:
            schema = self._writer(id_)
            try:
                writing = self._prepare(id_, schema)
            except BadRecord as error:
                writing = error
            self._writings[id_] = writing
        if isinstance(writing, BadRecord):
            raise BadRecord(writing.reason, writing.message)
        return writing

    def _prepare(self, id_: int, schema: dict[str, Any]) -> _Writing:
        try:
            parsed = parse(schema)
            scan = scanner(parsed)
        except InvalidSchema as error:
            raise BadRecord("unknown_schema", f"schema id {id_}: {error}") from error
        if not _is_record(parsed):
            raise BadRecord("wrong_type", f'schema id {id_}: expected record "{self._reader["name"]}"')
        if shape(parsed) == self._reader_shape:
            return _Writing(parsed, None, scan, Layout.of(parsed), ColumnReader.of(parsed))
        check_kinds(parsed, self._reader)
        check_logical_types(parsed, self._reader)
        return _Writing(parsed, self._reader, scan, None, None)


def _decode(writing: _Writing, value: bytes, *, scanned: bool) -> dict[str, Any]:
    try:
        if not scanned and (end := writing.scan(value, HEADER_BYTES)) != len(value):
            raise Corrupt(f"record ends at byte {end} of {len(value)}")
        stream = BytesIO(value)
        stream.seek(HEADER_BYTES)
        record: dict[str, Any] = fastavro.schemaless_reader(stream, writing.schema, writing.reader)
    except SchemaResolutionError as error:
        raise BadRecord("wrong_type", str(error)) from error
    except IndexError as error:
        raise BadRecord("corrupt", "the record ends too early") from error
    except (ValueError, ArithmeticError, EOFError) as error:
        raise BadRecord("corrupt", str(error)) from error
    return record


class Encoder:
    """Encodes records of `schema`, known to the registry as `schema_id`.

    Instants are aware datetimes or ms since the epoch.
    """

    def __init__(self, schema: dict[str, Any], schema_id: int) -> None:
        if not 0 <= schema_id <= _MAX_SCHEMA_ID:
            raise Fatal(f"schema id {schema_id}: expected a number of 31 bits")
        self._schema = _parse_record(schema)
        self.header = struct.pack(">bI", MAGIC, schema_id)
        whole = ((field["name"], _BOUNDS.get(_plain(field["type"]))) for field in self._schema["fields"])
        self._whole = [(name, bound) for name, bound in whole if bound is not None]

    def encode(self, record: dict[str, Any]) -> bytes:
        """The bytes of `record`. Raises BadRecord (`wrong_type`) when it does not fit the schema."""
        stream = BytesIO()
        stream.write(self.header)
        try:
            for name, bound in self._whole:
                number = record.get(name, 0)
                # fastavro would cut it to size
                if not -bound <= number < bound or number % 1:
                    raise ValueError(f'field "{name}": {number!r} is no whole number of its size')
            fastavro.schemaless_writer(stream, self._schema, record, strict_allow_default=True)
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, struct.error) as error:
            raise BadRecord("wrong_type", f'record "{self._schema["name"]}": {error}') from error
        return stream.getvalue()


def _parse_record(schema: dict[str, Any]) -> dict[str, Any]:
    try:
        parsed = parse(schema)
    except InvalidSchema as error:
        raise Fatal(f"schema: {error}") from error
    if not _is_record(parsed):
        raise Fatal(f"schema: expected a record, found {schema!r}")
    record: dict[str, Any] = parsed
    return record


def _plain(type_: Any) -> str:
    """The type's name, empty unless it is a plain one."""
    return type_ if isinstance(type_, str) else ""


def _is_record(parsed: Any) -> bool:
    return isinstance(parsed, dict) and parsed["type"] == "record"
