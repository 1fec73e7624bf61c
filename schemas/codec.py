"""Records to bytes and back: Avro binary behind a zero byte and the schema's id, as Confluent's clients write it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import fastavro
import numpy as np
import numpy.typing as npt
from fastavro.read import SchemaResolutionError

from schemas.avro import parse
from schemas.errors import BadRecord, Fatal
from schemas.matching import kind_of
from schemas.resolution import check_kinds, check_logical_types, set_defaults, shape
from schemas.scan import Corrupt, InvalidSchema, Step, scanner
from schemas.table import Entry, Table
from schemas.wire import HEADER_BYTES

if TYPE_CHECKING:
    from schemas.column_program import ColumnProgram

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

    @cached_property
    def program(self) -> ColumnProgram | None:
        """None where a field is of a kind that columns are not made of."""
        from schemas.column_program import ColumnProgram  # takes a second, and most processes need none

        return ColumnProgram.of(self.schema, self.reader)


class _Joined:
    """Values in a row, of which those of size -1 are null."""

    def __init__(self, values: bytes, sizes: npt.NDArray[np.int32]) -> None:
        self.values, self.sizes = values, np.array(sizes, np.int32)
        self._ends = np.maximum(sizes, 0).cumsum(dtype=np.int64)
        if self._ends[-1:].sum() != len(values):
            raise ValueError("sizes do not add up to the values")

    def value(self, position: int) -> bytes | None:
        end, size = int(self._ends[position]), int(self.sizes[position])
        return None if size < 0 else self.values[end - size : end]


class Decoder:
    """Decodes records of any writer's schema into those of the schema `reader`.

    `writer` gives the schema of an id, or raises BadRecord (`unknown_schema`); it is asked once per id that it knows.
    What a decoder raises is BadRecord with reason `null_value`, `no_magic`, `unknown_schema`, `corrupt` or
    `wrong_type`. `scanned` says that the JVM has walked the bytes and found them to be one record, so that they need
    not be walked again.

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

    def decode_joined(
        self, values: bytes, sizes: npt.NDArray[np.int32], refused: Mapping[int, BadRecord] = MappingProxyType({})
    ) -> Sequence[Entry]:
        """The records in `values`, one after the other, -1 the size of null; a table where columns can be made of them.

        A record is what `decode` gives, or the error that it raises. `refused` are left out, by position, and come back
        as they are.

        >>> schema = {"type": "record", "name": "point", "fields": [{"name": "x", "type": "double"}]}
        >>> decoder, value = Decoder(schema, {7: schema}.__getitem__), Encoder(schema, 7).encode({"x": 1.5})
        >>> table = decoder.decode_joined(value + value[:-1], np.array([13, 12], np.int32))
        >>> table.columns["x"].tolist(), table[0], table[1].reason
        ([1.5, None], {'x': 1.5}, 'corrupt')
        """
        joined = _Joined(values, sizes)
        table = self._table(joined, refused)
        if table is not None:
            return table
        return [
            refused.get(position) or self._decode_or_error(joined.value(position)) for position in range(len(sizes))
        ]

    def _table(self, joined: _Joined, refused: Mapping[int, BadRecord]) -> Table | None:
        """The records as columns, None unless all that can be read are of one schema, and of kinds that these take."""
        good = np.ones(len(joined.sizes), np.bool_)
        good[list(refused)] = False
        id_, program = self._usual(joined, good)
        if program is None:
            return None
        columns = program.read(joined.values, joined.sizes, id_, good)
        errors: dict[int, BadRecord] = {}
        for position in (~good).nonzero()[0].tolist():
            found = refused.get(position) or self._decode_or_error(joined.value(position))
            if not isinstance(found, BadRecord):
                return None
            errors[position] = found
        return Table(columns, errors)

    def _usual(self, joined: _Joined, good: npt.NDArray[np.bool_]) -> tuple[int, ColumnProgram | None]:
        """The schema id of the first record whose schema is known, and that schema's program."""
        for position in good.nonzero()[0].tolist():
            try:
                id_ = schema_id(joined.value(position))
                return id_, self._writing(id_).program
            except BadRecord:
                continue
        return 0, None

    def _decode_or_error(self, value: bytes | None) -> Entry:
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
            return _Writing(parsed, None, scan)
        check_kinds(parsed, self._reader)
        check_logical_types(parsed, self._reader)
        return _Writing(parsed, self._reader, scan)


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
        kinds = {field["name"]: _plain(field["type"]) for field in self._schema["fields"]}
        self._whole = [(name, _BOUNDS[kind]) for name, kind in kinds.items() if kind in _BOUNDS]
        self._booleans = [name for name, kind in kinds.items() if kind == "boolean"]

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
            for name in self._booleans:
                # fastavro would take null for false, and all but nothing for true
                if (value := record.get(name, False)) not in (True, False):
                    raise ValueError(f'field "{name}": {value!r} is neither true nor false')
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
    """What kind of type it is, empty for a union and for what stands for something else."""
    return "" if isinstance(type_, dict) and "logicalType" in type_ else kind_of(type_)


def _is_record(parsed: Any) -> bool:
    return isinstance(parsed, dict) and parsed["type"] == "record"
