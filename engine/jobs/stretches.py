"""What the sources of a plan read: which topics, from where on, and how far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from engine.flink.cluster import Stretch
from engine.plan import Plan, PlannedSource
from schemas.errors import Fatal
from sources import GroupOffsets, Offsets
from sources.kafka_admin import KafkaAdmin, TopicFacts

Number = Callable[[str, str, tuple[str, ...]], tuple[str, ...]]
"""Numbers the topics of a workflow's source for good: gives all that it ever had, each at its number."""


def with_topics(plan: Plan, kafka: KafkaAdmin, number: Number) -> Plan:
    """The plan with the topics that its patterns match now, its own left out.

    Raises Fatal for a pattern that matches none.
    """
    if not any(source.is_pattern for source in plan.sources):
        return plan
    there = [topic for topic in kafka.topics() if topic not in plan.topics and not topic.startswith("__")]

    def found(source: PlannedSource) -> PlannedSource:
        topics = source.topic.topics(there)
        return replace(source, found=topics, ever=number(plan.workflow, source.name, topics))

    streams = tuple(
        found(stream) if isinstance(stream, PlannedSource) and stream.is_pattern else stream for stream in plan.streams
    )
    named = {stream.name: stream for stream in streams}
    return replace(plan, streams=streams, parts=tuple(replace(part, feed=named[part.name]) for part in plan.parts))


@dataclass(frozen=True)
class Topics:
    """What a broker says of the topics that are read, and of where each source starts and ends in them."""

    facts: Mapping[str, TopicFacts]
    stretches: Mapping[str, Mapping[str, Stretch]]

    @classmethod
    def look_at(cls, plan: Plan, kafka: KafkaAdmin) -> Topics:
        """Ask a broker. Raises Fatal for a topic that is not there."""
        facts = {topic: kafka.facts(topic) for source in plan.sources for topic in source.topics}
        stretches = {
            source.name: {
                topic: _stretch(source, topic, facts[topic], kafka, f"headrace-{plan.workflow}")
                for topic in source.topics
            }
            for source in plan.sources
        }
        return cls(facts, stretches)

    def filled(self, source: PlannedSource) -> list[tuple[str, int]]:
        """The topics and partitions of a source that hold records."""
        return [(topic, partition) for topic in source.topics for partition in self.facts[topic].filled]


def _stretch(source: PlannedSource, topic: str, facts: TopicFacts, kafka: KafkaAdmin, group: str) -> Stretch:
    start, end = source.topic.span.start, source.topic.span.end
    begins, ends = facts.begin_offsets, facts.end_offsets
    starts: Mapping[int, int] | None = None
    if start == "latest":
        starts = ends
    elif isinstance(start, datetime):
        starts = {**ends, **kafka.offsets_at(topic, start)}
    elif isinstance(start, GroupOffsets):
        otherwise = begins if start.otherwise == "earliest" else ends
        starts = {**otherwise, **kafka.committed(topic, start.group or group)}
    elif isinstance(start, Offsets):
        starts = {**begins, **_known(start, topic, ends)}
    stops = {**ends, **kafka.offsets_at(topic, end)} if isinstance(end, datetime) else None
    if isinstance(end, Offsets):
        stops = {**ends, **_known(end, topic, ends)}
    return Stretch(begins, ends, starts, stops)


def _known(offsets: Offsets, topic: str, partitions: Mapping[int, int]) -> Mapping[int, int]:
    """The offsets of a topic. Raises Fatal for a partition that it does not have."""
    found = offsets.of(topic)
    for partition in found:
        if partition not in partitions:
            raise Fatal(f'topic "{topic}": has no partition {partition}', hint=f"it has {len(partitions)}")
    return found
