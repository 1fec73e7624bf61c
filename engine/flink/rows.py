"""Streams of rows in the JVM, for the relational part of a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.flink.gateway import jvm
from engine.plan import Plan, PlannedSource, Reading, Stream
from engine.worker.budget import ALL_FAILED_AFTER
from engine.workflow import LEAST_WINDOW
from schemas.avro import canonical

HIDDEN = "!"  # ends the names of fields that no author knows, engine/jvm/headrace/Place.java


@dataclass(frozen=True)
class Rows:
    """A stream of rows in the JVM, their type there, and the field with their event time; None for a table.

    Where the stream is a union of others, these are its `parts`, the first of them with its watermarks. Rows are
    `in_order` where they come in that of their event times, a watermark after every few of them.
    """

    stream: Any
    type: Any
    event_time: str | None
    parts: tuple[Any, ...] = ()
    in_order: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(name for name in self.type.getFieldNames() if not name.endswith(HIDDEN))


def is_table(stream: Stream) -> bool:
    """Whether lookups read a stream, and nothing else does."""
    return isinstance(stream, PlannedSource) and stream.reading is not Reading.STREAM


def row_type(stream: Stream) -> Any:
    """The type of the rows that a stream's records become; those of a table have their places, too."""
    headrace = jvm().headrace
    return (headrace.BlocksToTable if is_table(stream) else headrace.BlocksToRows).type(canonical(stream.schema))


def to_rows(stream: Stream, contract: Any, plan: Plan) -> Any:
    """What makes rows of a stream's blocks, within the plan's budget of what may be refused."""
    headrace, kind = jvm().headrace, "source" if isinstance(stream, PlannedSource) else "pipeline"
    name = f'workflow "{plan.workflow}": {kind} "{stream.name}"'
    budget = headrace.Budget(name, plan.max_dead, plan.dead_window, LEAST_WINDOW, ALL_FAILED_AFTER)
    return (headrace.BlocksToTable if is_table(stream) else headrace.BlocksToRows)(contract, budget)
