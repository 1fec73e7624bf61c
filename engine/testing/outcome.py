"""What a run has given, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.plan import DEAD_LETTERS, Plan, PlannedSource, Stream
from schemas.codec import Decoder
from schemas.errors import BadRecord, Fatal
from schemas.wire import dead_letter_schema

Record = dict[str, Any]
Topics = Mapping[str, Iterable[bytes]]
"""The values of the records in topics, by the names of these."""


class Records(list[Record]):
    """Records in the order of their event times, then of partition and offset.

    >>> records = Records([{"id": "UA1", "gust": 3.5, "offset": 0}, {"id": "UA2", "gust": None, "offset": 1}])
    >>> records.of("id gust")
    [('UA1', 3.5), ('UA2', None)]
    >>> records.of("id")
    ['UA1', 'UA2']
    """

    def of(self, columns: str) -> list[Any]:
        """The values of some fields: of several a tuple for each record, of one the values themselves.

        Raises Fatal for a field that is not there.
        """
        names = columns.split()
        for record in self:
            for name in names:
                if name not in record:
                    raise Fatal(f'record: has no field "{name}"', hint=f"it has {', '.join(record)}")
        return [record[names[0]] if len(names) == 1 else tuple(record[name] for name in names) for record in self]


@dataclass(frozen=True)
class Outcome:
    """What sinks were given and Redis holds, and the models, by the names of sinks and of the nodes asked for.

    `dead` are the dead letters: the node that refused, the reason, the error, and the record, None where it cannot be
    read. `models` are the last ones that were published, by the name of the sink; of a keyed one, a dictionary by key.
    `restarts` is how often the job went on from a checkpoint.
    """

    records: Mapping[str, Records]
    dead: Records
    models: Mapping[str, Any]
    restarts: int

    def __getitem__(self, name: str) -> Records:
        if name not in self.records:
            hint = f'there are {", ".join(self.records) or "none"}; ask for a node: run(flow, "{name}", ...)'
            raise Fatal(f'outcome: has no records of "{name}"', hint=hint)
        return self.records[name]


def results_of(plan: Plan, asked: Mapping[str, str], topics: Topics) -> dict[str, Records]:
    """The results in the topics of a plan, by the names that a test asks for."""
    found = {}
    for sink in plan.sinks.topics:
        decoded = _decoded(plan.results[sink.name], topics.get(plan.topic_of(sink), ()))
        for record in decoded:
            record.pop("epoch", None)  # tells restarts apart, and nothing else may
        in_order = sorted(decoded, key=lambda record: (record["event_time"], record["partition"], record["offset"]))
        found[asked[sink.name]] = Records(in_order)
    return found


def dead_letters_of(plan: Plan, topics: Topics) -> Records:
    """The dead letters of a plan, in the order of where their records stood."""
    decoders = {place: _decoder(stream.schema) for stream in plan.streams for place in _places(stream)}
    decoded = _decoded(dead_letter_schema(), topics.get(plan.topics[DEAD_LETTERS], ()))
    in_order = sorted(decoded, key=lambda letter: (letter["topic"], letter["partition"], letter["offset"]))
    return Records(
        {
            **{name: letter[name] for name in ("node", "reason", "error")},
            "record": _read(decoders.get(letter["topic"]), letter["value"]),
        }
        for letter in in_order
    )


def _places(stream: Stream) -> tuple[str, ...]:
    """The names under which dead letters tell a stream."""
    return stream.numbered if isinstance(stream, PlannedSource) else (stream.name,)


def _read(decoder: Decoder | None, value: bytes | None) -> Record | None:
    if decoder is None:
        return None
    try:
        return decoder.decode(value)
    except BadRecord:
        return None


def _decoded(schema: dict[str, Any], values: Iterable[bytes]) -> list[Record]:
    decoder = _decoder(schema)
    return [decoder.decode(value) for value in values]


def _decoder(schema: dict[str, Any]) -> Decoder:
    """Reads what was written with the same schema, whatever its number."""
    return Decoder(schema, lambda _: schema)
