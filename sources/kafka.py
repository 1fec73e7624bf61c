"""Kafka topics as sources."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from schemas.durations import parse_duration
from schemas.errors import Fatal
from sources.feeder import Feeder


@dataclass(frozen=True)
class KafkaTopic:
    """A topic of Avro records in Confluent's framing.

    Delivery: exactly once, by Flink's checkpoints. Unit of parallelism: the partition. `event_time` names the field
    that holds each record's event time (without it: the Kafka timestamp); a record is late when it is more than
    `lateness` behind the latest before it in its own partition. One whose event time is more than `max_ahead` after its
    Kafka timestamp is refused. `schema` names the schema to read with, one that ships or a path to an .avsc file;
    without it, the registry's newest for the topic. A partition without records for `idle` no longer holds up the
    others, live. `non_finite` says whether a record with a float that is not finite is refused at the source. `fed_by`
    is what `headrace ingest` fills the topic from.

    >>> KafkaTopic("flights", schema="flight", event_time="departed_at", lateness="10m").lateness_time
    datetime.timedelta(seconds=600)
    """

    topic: str
    event_time: str | None = None
    lateness: str = "0s"
    schema: str | None = None
    max_ahead: str = "1h"
    idle: str = "30s"
    start: Literal["earliest", "latest"] = "earliest"
    non_finite: Literal["reject", "pass"] = "reject"
    fed_by: Feeder | None = None

    def __post_init__(self) -> None:
        if not self.topic:
            raise Fatal("topic: the name is empty")
        for choice, allowed in ((self.start, ("earliest", "latest")), (self.non_finite, ("reject", "pass"))):
            if choice not in allowed:
                raise Fatal(f'topic "{self.topic}": "{choice}" is none of {", ".join(allowed)}')
        if self.fed_by is not None and not isinstance(self.fed_by, Feeder):
            raise Fatal(f'topic "{self.topic}": {type(self.fed_by).__name__} is no feeder', hint="Files is one")
        for duration in (self.lateness, self.max_ahead, self.idle):
            parse_duration(duration)

    @property
    def lateness_time(self) -> timedelta:
        return parse_duration(self.lateness)
