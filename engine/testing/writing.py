"""Tables as what a source reads: encoded records in chunks, and what happens between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.flink.written import Chunk, Then, WrittenRecord
from engine.plan import Plan, PlannedSource, Reading
from engine.testing.instants import to_ms
from engine.testing.tables import Mark, Table
from engine.testing.typed import Typed, Typing
from schemas.codec import Encoder
from schemas.errors import Fatal

Chunks = Mapping[str, Sequence[Chunk]]
"""The chunks of each source, by its name."""

_NOTHING = Chunk((), Then.GO_ON)
_THEN = {Mark.IDLE: Then.IDLE, Mark.CRASH: Then.CRASH}


def written(plan: Plan, tables: Mapping[str, Table], schema_ids: Mapping[str, int]) -> dict[str, list[Chunk]]:
    """What the sources of a plan read, those that are streams in step; one without a table has no records."""
    chunks: dict[str, list[Chunk]] = {}
    for source in plan.sources:
        table, encoder = tables.get(source.name), Encoder(source.schema, schema_ids[source.name])
        chunks[source.name] = chunks_of(source, table, encoder) if table else [_NOTHING]
    streams = {source.name: chunks[source.name] for source in plan.sources if source.reading is Reading.STREAM}
    return chunks | in_step(streams)


def chunks_of(source: PlannedSource, table: Table, encoder: Encoder) -> list[Chunk]:
    """The records of a source's table up to each mark that stops it, and up to its end. Raises Fatal, naming it."""
    if source.reading is not Reading.STREAM and any(line in _THEN for line in table.lines if isinstance(line, Mark)):
        hint = "idle and crash belong into a table that is read record by record"
        raise Fatal(f'table "{source.name}": is looked up, and there before anything happens', hint=hint)
    name, topic = source.name, source.topic
    typing = Typing(name, table, source.schema, source.event_time, topic.lateness_time)
    made: list[Chunk] = []
    written: list[WrittenRecord] = []
    arrival = 0
    last: WrittenRecord | None = None
    for line in typing.lines():
        if isinstance(line, Typed):
            arrival = max(arrival, to_ms(line.event_time))
            last = WrittenRecord(encoder.encode(line.record), arrival, line.partition)
            written.append(last)
        elif line in _THEN:
            made.append(Chunk(tuple(written), _THEN[line]))
            written = []
        elif last is None:
            raise Fatal(f'table "{name}": begins with "{line.value}", which is said of the record before it')
        else:
            cut = last.value[:-1] if line is Mark.CORRUPT else last.value
            written.append(WrittenRecord(cut, last.arrival, last.partition))
    return [*made, Chunk(tuple(written), Then.GO_ON)]


def in_step(tables: Mapping[str, list[Chunk]]) -> dict[str, list[Chunk]]:
    """The chunks of all tables, as many for each: in step, all that follows from one comes before the next.

    Where a table is idle, what follows from that comes before anything else, and then what it has next: it would be a
    matter of chance whether that still comes in time for what the others have next.

    >>> idle, crash, rest = (Chunk((), then) for then in (Then.IDLE, Then.CRASH, Then.GO_ON))
    >>> stepped = in_step({"a": [idle, rest], "b": [crash, rest]})
    >>> {name: [chunk.then.value for chunk in chunks] for name, chunks in stepped.items()}
    {'a': ['IDLE', 'GO_ON', 'GO_ON', 'GO_ON'], 'b': ['GO_ON', 'CRASH', 'GO_ON', 'GO_ON']}
    """
    stepped: dict[str, list[Chunk]] = {name: [] for name in tables}
    idle: set[str] = set()
    for number in range(max(map(len, tables.values()), default=0)):
        at_once = {name: chunks[number] if number < len(chunks) else _NOTHING for name, chunks in tables.items()}
        if idle:
            for name, chunk in at_once.items():
                stepped[name].append(replace(chunk, then=Then.GO_ON) if name in idle else _NOTHING)
            at_once = {name: replace(chunk, records=()) if name in idle else chunk for name, chunk in at_once.items()}
        idle = {name for name, chunk in at_once.items() if chunk.then is Then.IDLE}
        for name, chunk in at_once.items():
            stepped[name] += _crash_later(chunk) if idle else [chunk]
    return stepped


def _crash_later(chunk: Chunk) -> list[Chunk]:
    """The chunk, and one without records behind it that has its crash."""
    if chunk.then is Then.CRASH:
        return [replace(chunk, then=Then.GO_ON), replace(_NOTHING, then=Then.CRASH)]
    return [chunk, _NOTHING]
