"""Kafka topics as sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from schemas.durations import parse_duration
from schemas.errors import Fatal
from sources.feeder import Feeder
from sources.kafka_properties import refuse_connection_settings
from sources.kafka_span import WHOLE, Span


@dataclass(frozen=True)
class TopicPattern:
    """All topics whose whole name a regular expression matches, when the workflow is submitted.

    Those that the workflow itself writes are left out, and so are Kafka's own.

    >>> TopicPattern("orders_.*").matching(["orders_eu", "old_orders_eu", "orders_us"])
    ('orders_eu', 'orders_us')
    """

    pattern: str

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise Fatal(f'topic pattern "{self.pattern}": {error}', hint="expected a regular expression") from None

    def matching(self, topics: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(topic for topic in topics if re.fullmatch(self.pattern, topic)))


@dataclass(frozen=True)
class KafkaTopic:
    """A topic of Avro records in Confluent's framing; with a tuple of topics or a TopicPattern, several of one schema.

    Delivery: exactly once, by Flink's checkpoints. Unit of parallelism: the partition. `event_time` names the field
    that holds each record's event time (without it: the Kafka timestamp); a record is late when it is more than
    `lateness` behind the latest before it in its own partition. One whose event time is more than `max_ahead` after its
    Kafka timestamp is refused. `schema` names the schema to read with, one that ships or a path to an .avsc file;
    without it, the registry's newest for the first topic. A partition without records for `idle` no longer holds up the
    others, live; with `heartbeat`, the time from each instant of which there are records to the next, it goes on
    holding up what comes at the next one. `non_finite` says whether a record with a float that is not finite is refused
    at the source. `fed_by` is what `headrace feeders` fills the topic from. `span` is where reading starts and ends,
    `properties` are settings of Kafka's consumer for this source alone; how to connect is a setting of the platform.

    >>> KafkaTopic("flights", schema="flight", event_time="departed_at", lateness="10m").lateness_time
    datetime.timedelta(seconds=600)
    >>> KafkaTopic(("orders_eu", "orders_us")).origin
    'orders_eu, orders_us'
    """

    topic: str | tuple[str, ...] | TopicPattern
    event_time: str | None = None
    lateness: str = "0s"
    schema: str | None = None
    max_ahead: str = "1h"
    idle: str = "30s"
    heartbeat: str | None = None
    non_finite: Literal["reject", "pass"] = "reject"
    fed_by: Feeder | None = None
    span: Span = WHOLE
    properties: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (not self.names and not isinstance(self.topic, TopicPattern)) or "" in self.names:
            raise Fatal("topic: the name is empty")
        if len(set(self.names)) < len(self.names):
            raise Fatal(f'topic "{self.origin}": one is named twice')
        if self.non_finite not in ("reject", "pass"):
            raise Fatal(f'topic "{self.origin}": "{self.non_finite}" is none of reject, pass')
        if self.fed_by is not None and not isinstance(self.fed_by, Feeder):
            raise Fatal(f'topic "{self.origin}": {type(self.fed_by).__name__} is no feeder', hint="Files is one")
        if self.fed_by is not None and not self.is_one:
            raise Fatal(f'topic "{self.origin}": a feeder fills one topic', hint="give each a source of its own")
        for duration in (self.lateness, self.max_ahead, self.idle):
            parse_duration(duration)
        if self.heartbeat is not None and not self.heartbeat_time:
            raise Fatal(f'topic "{self.origin}": heartbeat "{self.heartbeat}" is no time', hint='for example "1h"')
        refuse_connection_settings(self.origin, self.properties)

    @property
    def names(self) -> tuple[str, ...]:
        """The topics that are named; none for a pattern."""
        if isinstance(self.topic, TopicPattern):
            return ()
        return (self.topic,) if isinstance(self.topic, str) else tuple(self.topic)

    @property
    def is_one(self) -> bool:
        """Whether all records come from one topic, so that a partition and an offset tell which one is meant."""
        return isinstance(self.topic, str)

    @property
    def origin(self) -> str:
        """Where the records come from, in words."""
        return self.topic.pattern if isinstance(self.topic, TopicPattern) else ", ".join(self.names)

    def topics(self, there: Iterable[str]) -> tuple[str, ...]:
        """The topics that are read, of those that are there. Raises Fatal where a pattern matches none."""
        if not isinstance(self.topic, TopicPattern):
            return self.names
        found = self.topic.matching(there)
        if not found:
            raise Fatal(f'topic pattern "{self.topic.pattern}": matches no topic', hint="it has to match whole names")
        return found

    @property
    def lateness_time(self) -> timedelta:
        return parse_duration(self.lateness)

    @property
    def heartbeat_time(self) -> timedelta:
        """Zero for a source without."""
        return parse_duration(self.heartbeat) if self.heartbeat is not None else timedelta()
