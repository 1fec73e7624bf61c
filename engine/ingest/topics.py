"""The topics that take records, each with the newest schema that the registry has for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from engine.ingest.problem import Refused
from schemas.avro import parse
from schemas.codec import Decoder, Encoder
from schemas.errors import Fatal, Retryable
from schemas.json_records import json_reader
from schemas.registry import Registered, Registry
from schemas.resolution import shape
from sources.kafka_admin import TopicRules

REREAD_S = 5.0


@dataclass(frozen=True)
class Target:
    """A topic, what the broker asks of its records, and what makes them of its newest schema."""

    topic: str
    rules: TopicRules
    schema_id: int
    schema: dict[str, Any]
    encoder: Encoder
    decoder: Decoder
    read_json: Callable[[Any], dict[str, Any]]
    registry: Registry

    @classmethod
    def of(cls, topic: str, rules: TopicRules, registered: Registered, registry: Registry) -> Target:
        """Raises Fatal where the registered schema is no Avro record."""
        schema, id_ = registered.schema, registered.id
        encoder, decoder = Encoder(schema, id_), Decoder(schema, registry.schema)
        return cls(topic, rules, id_, parse(schema), encoder, decoder, json_reader(schema), registry)

    def id_of(self, schema: Any) -> int:
        """The id of a schema that is a version of the topic's. Raises Refused for any other."""
        if shape(parse(schema)) == shape(self.schema):
            return self.schema_id
        try:
            return self.registry.lookup(subject_of(self.topic), schema).id
        except Fatal as error:
            raise Refused(
                "bad_request",
                f'body: its schema is no version of the schema of topic "{self.topic}": {error.message}',
                hint="register it, or write the file with the newest version",
            ) from error


class Topics:
    """What may be written to: topics on the broker with a schema in the registry, or those of them in `allowed`.

    `rules_of` asks the broker about a topic, and gives None where there is none. Broker and registry are asked again
    after five seconds, by the first request that comes then; while they do not answer, what is known is used. Threads
    may share it. Raises Retryable, Fatal as they do.
    """

    def __init__(
        self,
        registry: Registry,
        rules_of: Callable[[str], TopicRules | None],
        allowed: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._rules_of = rules_of
        self._allowed = frozenset(allowed)
        self._clock = clock
        self._targets: dict[str, Target] = {}
        self._asked_at: dict[str, float] = {}

    def __getitem__(self, topic: str) -> Target:
        """The topic with its schema. Raises Refused where there is none of this name, or it takes no records."""
        known = self._targets.get(topic)
        now = self._clock()
        if known is not None and now - self._asked_at[topic] < REREAD_S:
            return known
        self._asked_at[topic] = now  # the others go on with what is known meanwhile
        try:
            target = self._target(topic, known)
        except Retryable:
            if known is None:
                raise
            return known
        self._targets[topic] = target
        return target

    def _target(self, topic: str, known: Target | None) -> Target:
        if self._allowed and topic not in self._allowed:
            raise _unknown(topic, "takes no records", f"allowed are {', '.join(sorted(self._allowed))}")
        subject = subject_of(topic)
        if subject not in self._registry.subjects():
            raise _unknown(topic, "has no schema", f'register one as "{subject[:80]}"')
        rules = self._rules_of(topic)
        if rules is None:
            raise _unknown(topic, "is not on the broker", "create it, or check the name")
        registered = self._registry.latest(subject)
        if known is not None and (known.schema_id, known.rules) == (registered.id, rules):
            return known
        return Target.of(topic, rules, registered, self._registry)


def subject_of(topic: str) -> str:
    """The registry's name for the schemas of a topic's values."""
    return f"{topic}-value"


def _unknown(topic: str, why: str, hint: str) -> Refused:
    return Refused("unknown_topic", f'topic "{topic[:80]}": {why}', hint=hint)
