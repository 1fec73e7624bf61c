"""Sinks of results that a worker writes to itself, before a frame is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Protocol, TypeVar, cast

from engine.plan import Part
from engine.worker.encoding import Encoded
from models.outcome import Rejection
from schemas.errors import BadRecord
from schemas.session import Session
from sinks import Collector, SqlTable

T = TypeVar("T")


class Writer(Protocol):
    """What an open sink of this kind does."""

    def write(self, rows: Sequence[Mapping[str, Any]]) -> dict[int, BadRecord]:
        """Store results so that storing them again changes nothing; gives what was refused, by position.

        Raises Retryable while it cannot be done.
        """

    def close(self) -> None:
        """Let go of what was opened."""


class Wait(Protocol):
    """Does work, again and again while it raises Retryable."""

    def __call__(self, service: str, work: Callable[[], T]) -> T: ...


class Tables(Session):
    """The tables of a part, open. What is away is waited for with `wait`."""

    def __init__(self, part: Part, wait: Wait) -> None:
        self._wait = wait
        self._resources = ExitStack()
        self._writers: dict[str, Writer] = {}
        for sink in part.sinks.tables:
            description, schema = cast(SqlTable | Collector, sink.sink), part.results[sink.name]
            writer = wait("database", lambda: description.open(schema))  # noqa: B023 - called at once
            self._writers[sink.name] = writer
            self._resources.callback(writer.close)

    def write(self, results: Mapping[str, Encoded]) -> Iterator[tuple[int, Rejection]]:
        """Write the results of a frame, and give what was refused, by the position of the record in the frame."""
        for name, writer in self._writers.items():
            rows, positions = results[name].results.rows(), results[name].results.positions
            refused = self._wait("database", lambda: writer.write(rows))  # noqa: B023 - called at once
            for place, error in refused.items():
                yield int(positions[place]), Rejection(name, error)

    def close(self) -> None:
        self._resources.close()
