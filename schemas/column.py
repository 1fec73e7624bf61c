"""The columns of a table: what a field holds in each of the records, Python's values made only where asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from schemas.instants import EPOCH
from schemas.spans import SIZE_BITS, SIZE_MASK

Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]


class Column(Protocol):
    """The values of one field, shape `(n,)`."""

    def __len__(self) -> int: ...

    def tolist(self) -> list[Any]:
        """The values as fastavro gives them, None where there is none."""

    def take(self, positions: Places) -> Column:
        """The values at `positions`, in their order."""


@dataclass(frozen=True)
class Numbers:
    """Numbers or booleans: `array` has dtype int64, float64 or bool; what is in it where `valid` is not says nothing.

    `valid` is None where all are.

    >>> Numbers(np.array([1.5, 0.0]), np.array([True, False])).tolist()
    [1.5, None]
    """

    array: npt.NDArray[Any]
    valid: Flags | None = None

    def __len__(self) -> int:
        return len(self.array)

    def tolist(self) -> list[Any]:
        return _with_nulls(self.array.tolist(), self.valid)

    def take(self, positions: Places) -> Numbers:
        return Numbers(self.array[positions], _taken(self.valid, positions))


@dataclass(frozen=True)
class Instants:
    """Instants, in milliseconds or microseconds since the epoch.

    >>> Instants(np.array([-1]), "ms").tolist()
    [datetime.datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=datetime.timezone.utc)]
    """

    ticks: Places
    unit: Literal["ms", "us"]
    valid: Flags | None = None

    def __len__(self) -> int:
        return len(self.ticks)

    def tolist(self) -> list[Any]:
        ticks = self.ticks if self.valid is None else np.where(self.valid, self.ticks, 0)
        micros = ticks * 1000 if self.unit == "ms" else ticks
        return _with_nulls([EPOCH + since for since in micros.view("m8[us]").tolist()], self.valid)

    def take(self, positions: Places) -> Instants:
        return Instants(self.ticks[positions], self.unit, _taken(self.valid, positions))


@dataclass(frozen=True)
class Words:
    """Strings, or the symbols of an enum: `codes` are positions in `words`, -1 where there is none.

    `code` gives both, when they are first asked for.

    >>> Words.of(np.array([1, 0, -1, 1], np.int32), ["a", "b"]).tolist()
    ['b', 'a', None, 'b']
    """

    count: int
    code: Callable[[], tuple[Codes, list[str]]]

    @classmethod
    def of(cls, codes: Codes, words: list[str]) -> Words:
        return cls(len(codes), lambda: (codes, words))

    @classmethod
    def within(cls, values: bytes, spans: Places, valid: Flags | None = None) -> Words:
        """Strings in UTF-8, where they lie in `values`; the words are in the order in which they first come.

        A span is the start and, in the lower half, the size.

        >>> words = Words.within(b"JFKEWR", np.array([0 << 32 | 3, 3 << 32 | 3, 0 << 32 | 3]))
        >>> words.tolist(), words.words, words.codes.tolist()
        (['JFK', 'EWR', 'JFK'], ['JFK', 'EWR'], [0, 1, 0])
        """
        return cls(len(spans), lambda: _coded(values, spans, valid))

    def __len__(self) -> int:
        return self.count

    @property
    def codes(self) -> Codes:
        return self._coded[0]

    @property
    def words(self) -> list[str]:
        return self._coded[1]

    def tolist(self) -> list[Any]:
        return list(map([*self.words, None].__getitem__, self.codes.tolist()))

    def take(self, positions: Places) -> Words:
        return Words.of(self.codes[positions], self.words)

    @cached_property
    def _coded(self) -> tuple[Codes, list[str]]:
        return self.code()


@dataclass(frozen=True)
class Blobs:
    """Bytes where they lie in `values`; a span is the start and, in the lower half, the size.

    >>> Blobs(b"abc", np.array([0 << 32 | 2, 2 << 32 | 1])).tolist()
    [b'ab', b'c']
    """

    values: bytes
    spans: Places
    valid: Flags | None = None

    def __len__(self) -> int:
        return len(self.spans)

    def tolist(self) -> list[Any]:
        spans = self.spans if self.valid is None else np.where(self.valid, self.spans, 0)
        return _with_nulls(_cut(self.values, spans), self.valid)

    def take(self, positions: Places) -> Blobs:
        return Blobs(self.values, self.spans[positions], _taken(self.valid, positions))


@dataclass(frozen=True)
class Logical:
    """Values of another column that stand for something: dates, decimals, and the like; `logical` says for what.

    >>> Logical(Numbers(np.array([1, 2])), str).tolist()
    ['1', '2']
    """

    stored: Column
    read: Callable[[Any], Any]
    logical: str = ""

    def __len__(self) -> int:
        return len(self.stored)

    def tolist(self) -> list[Any]:
        return [None if value is None else self.read(value) for value in self.stored.tolist()]

    def take(self, positions: Places) -> Logical:
        return Logical(self.stored.take(positions), self.read, self.logical)


@dataclass(frozen=True)
class Nested:
    """Records in records, by the names of their fields.

    >>> Nested({"x": Numbers(np.array([1, 2]))}, 2, np.array([True, False])).tolist()
    [{'x': 1}, None]
    """

    columns: Mapping[str, Column]
    count: int
    valid: Flags | None = None

    def __len__(self) -> int:
        return self.count

    def tolist(self) -> list[Any]:
        return _with_nulls(rows(self.columns, self.count), self.valid)

    def take(self, positions: Places) -> Nested:
        columns = {name: column.take(positions) for name, column in self.columns.items()}
        return Nested(columns, len(positions), _taken(self.valid, positions))


@dataclass(frozen=True)
class Maps:
    """Maps of text: `counts` says how many entries each has; keys and values lie one behind the other.

    >>> keys = Words.of(np.array([0, 1, 1], np.int32), ["a", "b"])
    >>> maps = Maps(np.array([2, 1]), keys, Numbers(np.array([0.25, 0.75, 1.0])))
    >>> maps.tolist(), maps.take(np.array([1])).tolist()
    ([{'a': 0.25, 'b': 0.75}, {'b': 1.0}], [{'b': 1.0}])
    """

    counts: Places
    keys: Words
    values: Column
    valid: Flags | None = None

    def __len__(self) -> int:
        return len(self.counts)

    def tolist(self) -> list[Any]:
        entries = zip(self.keys.tolist(), self.values.tolist(), strict=True)
        return _with_nulls([dict(islice(entries, count)) for count in self.counts.tolist()], self.valid)

    def take(self, positions: Places) -> Maps:
        counts, ends = self.counts[positions], self.counts.cumsum()[positions]
        entries = np.repeat(ends - counts.cumsum(), counts) + np.arange(counts.sum())
        return Maps(counts, self.keys.take(entries), self.values.take(entries), _taken(self.valid, positions))


@dataclass(frozen=True)
class Constant:
    """One value in all records.

    >>> Constant("x", 2).tolist()
    ['x', 'x']
    """

    value: Any
    count: int

    def __len__(self) -> int:
        return self.count

    def tolist(self) -> list[Any]:
        return [self.value] * self.count

    def take(self, positions: Places) -> Constant:
        return Constant(self.value, len(positions))


def constant(value: Any, count: int) -> Column:
    """One value in `count` records.

    >>> constant("x", 2).tolist(), constant(None, 2).tolist()
    (['x', 'x'], [None, None])
    """
    if isinstance(value, float) or (isinstance(value, int) and -(1 << 63) <= value < 1 << 63):
        return Numbers(np.full(count, value))
    return Words.of(np.zeros(count, np.int32), [value]) if isinstance(value, str) else Constant(value, count)


def rows(columns: Mapping[str, Column], count: int) -> list[dict[str, Any]]:
    """`count` records, out of their columns."""
    if not columns:
        return [{} for _ in range(count)]
    lists = [column.tolist() for column in columns.values()]
    return [dict(zip(columns, fields, strict=True)) for fields in zip(*lists, strict=True)]


def _coded(values: bytes, spans: Places, valid: Flags | None) -> tuple[Codes, list[str]]:
    from schemas.word_kernels import encode_words  # takes a second, and most processes need none

    count = len(spans)
    codes, firsts = np.empty(count, np.int32), np.empty(count, np.int64)
    slots = np.full(2 << count.bit_length(), -1, np.int32)
    there = np.ones(count, np.bool_) if valid is None else valid
    found = encode_words(np.frombuffer(values, np.uint8), spans, there, slots, firsts, codes)
    return codes, [word.decode() for word in _cut(values, spans[firsts[:found]])]


def _with_nulls(values: list[Any], valid: Flags | None) -> list[Any]:
    if valid is None:
        return values
    return [value if there else None for value, there in zip(values, valid.tolist(), strict=True)]


def _taken(valid: Flags | None, positions: Places) -> Flags | None:
    return None if valid is None else valid[positions]


def _cut(values: bytes, spans: Places) -> list[bytes]:
    starts, sizes = (spans >> SIZE_BITS).tolist(), (spans & SIZE_MASK).tolist()
    return [values[start : start + size] for start, size in zip(starts, sizes, strict=True)]
