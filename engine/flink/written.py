"""Tables that a test has written down, in place of Kafka's topics, and what a job gives, collected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import uuid4

import numpy as np

from engine.flink.cluster import Cluster, Stretch
from engine.flink.configuration import JobSettings
from engine.flink.gateway import data_streams, jvm
from engine.flink.outputs import to_topics
from engine.flink.rest import FlinkRest
from engine.flink.streams import progress_of, read_topic, to_ms
from engine.plan import Plan, PlannedSource, Reading
from schemas.durations import parse_duration
from schemas.errors import Fatal
from schemas.frames import OUTPUT_INDEX
from schemas.session import Session


class Then(Enum):
    """What happens once all tables were read up to the ends of their chunks, engine/jvm/headrace/Written.java."""

    GO_ON = "GO_ON"
    IDLE = "IDLE"
    CRASH = "CRASH"


@dataclass(frozen=True)
class WrittenRecord:
    """A record as a topic would have it; `arrival` in ms since the epoch."""

    value: bytes
    arrival: int
    partition: int


@dataclass(frozen=True)
class Chunk:
    """Records that come one after the other, and what happens after them."""

    records: tuple[WrittenRecord, ...]
    then: Then


def stretch_of(chunks: Sequence[Chunk]) -> Stretch:
    """What there is of a table at submission: all that comes before it is idle for the first time."""
    there: dict[int, int] = {0: 0}
    for chunk in chunks:
        for record in chunk.records:
            there[record.partition] = there.get(record.partition, 0) + 1
        if chunk.then is Then.IDLE:
            break
    return Stretch(dict.fromkeys(there, 0), there, stops=there)


class WrittenTables(Session):
    """What a job reads and writes that runs in the JVM of this process; a context manager, for one job.

    `tables` are the chunks of each source, as many for each that is no table for lookups.
    """

    def __init__(self, tables: Mapping[str, Sequence[Chunk]], cluster: Cluster, settings: JobSettings) -> None:
        self._tables = tables
        self._cluster = cluster
        self._settings = settings
        self._run = uuid4().hex
        self._collected: Any = None

    def begin(self, plan: Plan) -> None:
        """Let the tables of a plan wait for one another; comes before the job."""
        streams = [source for source in plan.sources if source.reading is Reading.STREAM]
        jvm().headrace.Turns.begin(self._run, len(streams))

    def read(self, environment: Any, source: PlannedSource, contract: Any) -> Any:
        progress = progress_of(source, self._cluster)
        if source.reading is not Reading.STREAM:
            strategies = jvm().org.apache.flink.api.common.eventtime.WatermarkStrategy
            written = self._written(source, contract, progress, run=None)
            loaded = environment.fromSource(written, strategies.noWatermarks(), source.name)
            return loaded.setParallelism(1).uid(f"{source.name}.source")
        # time passes where a table says so, and by more than the source waits for
        progress.told((to_ms(parse_duration(source.topic.idle)) + 1) * 1_000_000)
        written = self._written(source, contract, progress, run=self._run)
        return read_topic(environment, source, jvm().headrace.TopicSource(written, progress), progress, self._settings)

    def write(self, plan: Plan, records: Mapping[str, Any]) -> None:
        first, *others = [to_topics(plan, name, given) for name, given in records.items()]
        together = first.union(data_streams(others)) if others else first
        self._collected = together.collectAsync()

    def collected(self, flink: str, job_id: str) -> Iterator[tuple[int, bytes]]:
        """The position of its destination and the value of each record that the job gives, once, until it ends.

        Raises Fatal with the reason where it fails.
        """
        from py4j.protocol import Py4JJavaError

        try:
            while self._collected.hasNext():
                record = bytes(self._collected.next())
                [entry] = np.frombuffer(record, OUTPUT_INDEX, 1)
                yield int(entry["destination"]), record[len(record) - int(entry["value_size"]) :]
        except Py4JJavaError as error:
            with FlinkRest(flink) as rest:
                raise Fatal(rest.failure(job_id) or str(error.java_exception)) from error

    def close(self) -> None:
        try:
            if self._collected is not None:
                self._collected.close()  # cancels a job that has not ended
        finally:
            jvm().headrace.Turns.end(self._run)

    def _written(self, source: PlannedSource, contract: Any, progress: Any, run: str | None) -> Any:
        chunks = self._tables[source.name]
        partitions = 1 + max((record.partition for chunk in chunks for record in chunk.records), default=0)
        written = jvm().headrace.Written(run, source.name, source.numbered[0], partitions, contract, progress)
        for chunk in chunks:
            for record in chunk.records:
                written.record(record.partition, record.arrival, record.value)
            written.end(chunk.then.value)
        return written
