"""Results to Avro, those of each sink by its own schema; a result that does not fit is refused by itself."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.plan import Part, Plan
from engine.worker.results import Maker, Results, makers_of
from models.outcome import Outcome, Rejection
from schemas.codec import Encoder
from schemas.columns import ColumnEncoder
from schemas.errors import BadRecord
from schemas.frames import Frame
from schemas.record_writing import Sizes
from schemas.wire import REFUSED

NO_ID = 0  # of results that go to no topic, whose schema no registry knows
MAX_RESULT_BYTES = 1_000_000  # what Kafka's topics take by default, less the key


@dataclass(frozen=True)
class Encoded:
    """The results that fit a sink, as columns and as Avro, one after the other, with the size of each in bytes.

    `refused` says what is wrong with the others, by the position of the record in the frame.
    """

    results: Results
    values: bytes
    sizes: Sizes
    refused: dict[int, BadRecord] = field(default_factory=dict)


class ResultEncoding:
    """Makes and encodes what each sink of results, and each connector, gets of a frame of a part.

    `output_ids` are the schema ids of the plan's topics, `given_ids` those of the pipelines that connectors read.
    """

    def __init__(self, plan: Plan, part: Part, output_ids: Sequence[int], given_ids: Mapping[str, int]) -> None:
        ids = {**given_ids, **dict(zip(plan.destinations, output_ids, strict=False))}  # the topics come first
        self._makers: dict[Hashable, Maker] = {}
        self._takers = []
        for name, key, maker in makers_of(part):
            self._makers.setdefault(key, maker)
            schema, schema_id = part.results[name], ids.get(name, NO_ID)
            self._takers.append((name, key, ColumnEncoder(schema, schema_id), Encoder(schema, schema_id)))

    def encode(self, frame: Frame, outcome: Outcome, epoch: int) -> dict[str, Encoded]:
        """What each of them gets, by its name; `epoch` is that of the model."""
        made = {key: make(frame, outcome, epoch) for key, make in self._makers.items()}
        return {name: _encode(made[key], columns, one) for name, key, columns, one in self._takers}


def refusals(encoded: dict[str, Encoded]) -> Iterator[tuple[int, Rejection]]:
    """What sinks refused, by position in the frame; the node of such a rejection is the sink."""
    for name, of_sink in encoded.items():
        for position, error in of_sink.refused.items():
            yield position, Rejection(name, error)


def _encode(results: Results, columns: ColumnEncoder, one: Encoder) -> Encoded:
    try:
        values, sizes = columns.encode(results.columns)
    except BadRecord:
        return _one_by_one(results, one)
    return Encoded(results, values, sizes) if sizes.max(initial=0) <= MAX_RESULT_BYTES else _one_by_one(results, one)


def _one_by_one(results: Results, encoder: Encoder) -> Encoded:
    values, refused = [], {}
    for position, row in zip(results.positions.tolist(), results.rows(), strict=True):
        try:
            value = encoder.encode(row)
        except BadRecord as error:
            refused[position] = BadRecord(REFUSED, error.message)
            continue
        if len(value) <= MAX_RESULT_BYTES:
            values.append(value)
        else:
            refused[position] = BadRecord(REFUSED, f"{len(value)} bytes, expected at most {MAX_RESULT_BYTES}")
    sizes = np.array([len(value) for value in values], np.int32)
    return Encoded(results.without(refused), b"".join(values), sizes, refused)
