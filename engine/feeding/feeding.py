"""A feeder at work: reads, encodes, commits, waits, and goes on where it was after whatever happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from typing import Any
from uuid import uuid4

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_when_event_set,
    wait_exponential,
)

from engine.feeding.encoding import Encoding, Target
from engine.feeding.outlet import Outlet, check_turn
from engine.feeding.pending import Pending
from engine.feeding.progress import Fed
from schemas.errors import Retryable
from schemas.inference import infer_schema
from schemas.registry import Registry
from sources.feeder import Batch, Reading
from sources.kafka_transactions import Fenced

INFERRED_FROM = 1_000
_WAIT = wait_exponential(multiplier=0.25, max=15)


class Feeding:
    """Feeds one target from its source, each record once, until the source ends or `stop` is set.

    `once` ends it where the source has nothing more for now. `progress` is told after each transaction, and what is
    waited for; `inferred` the schema, where neither author nor registry nor source has one. Delivery: exactly once,
    for those who read the topic with `read_committed`. Unit of parallelism: the topic, which one feeder fills.
    """

    def __init__(
        self,
        target: Target,
        kafka: str,
        registry: str,
        *,
        stop: threading.Event | None = None,
        once: bool = False,
    ) -> None:
        self._target = target
        self._kafka = kafka
        self._registry = registry
        self._stop = stop or threading.Event()
        self._once = once
        self._session = uuid4().hex
        self._has_begun = False
        self._fed = Fed()
        self.progress: Callable[[Fed], None] = lambda _: None
        self.inferred: Callable[[dict[str, Any]], None] = lambda _: None

    def run(self) -> Fed:
        """Feed. Raises Fatal; where Kafka, registry or source is away, it waits and goes on."""
        retrying = Retrying(
            retry=retry_if_exception_type(Retryable),
            wait=_WAIT,
            stop=stop_when_event_set(self._stop),
            sleep=sleep_using_event(self._stop),
            before_sleep=self._tell_wait,
            reraise=True,
        )
        try:
            while not retrying(self._stretch):
                pass
        except Retryable:  # stopped while it waited
            return self._fed
        return self._fed

    def _stretch(self) -> bool:
        """Feed until it ends, True, or is interrupted; False where it had come further before that."""
        before = self._fed.records, self._fed.dead
        try:
            self._feed()
        except Fenced:
            raise  # whoever begins now needs a moment to say so
        except Retryable:
            if (self._fed.records, self._fed.dead) == before:
                raise
            return False
        return True

    def _feed(self) -> None:
        self._fed = replace(self._fed, complete=False)
        if self._has_begun:
            check_turn(self._target, self._kafka, self._session)
        with ExitStack() as opened:
            outlet = opened.enter_context(Outlet(self._target, self._kafka, self._session))
            self._has_begun = True
            reading = opened.enter_context(self._target.feeder.open(outlet.standing.position))
            batches = self._batches(reading)
            with Registry(self._registry) as registry:
                schema, seen = self._known_schema(reading, registry), list[Batch]()
                if schema is None:
                    seen = list(self._first(batches, INFERRED_FROM))
                    if not any(batch.records for batch in seen):
                        return
                    schema = self._inferred(seen, text=reading.is_text)
                encoding = Encoding(self._target, outlet.written(schema, registry))
            self._pump(chain(seen, batches), encoding, outlet)

    def _known_schema(self, reading: Reading, registry: Registry) -> dict[str, Any] | None:
        """The schema of the author, else the registry, else the source, if one of them has one."""
        if self._target.schema is not None:
            return self._target.schema
        if self._target.subject in registry.subjects():
            return registry.latest(self._target.subject).schema
        return reading.schema()

    def _inferred(self, seen: Sequence[Batch], *, text: bool) -> dict[str, Any]:
        """The schema that the first records have."""
        records = [record for batch in seen for record in batch.records if isinstance(record, dict)]
        schema = infer_schema(_name(self._target.topic), records, text=text)
        self.inferred(schema)
        return schema

    def _first(self, batches: Iterator[Batch], count: int) -> Iterator[Batch]:
        """The first batches, with this many records, or with some and nothing more for now."""
        left = count
        for batch in batches:
            yield batch
            left -= len(batch.records)
            if left <= 0 or (batch.wait_s and left < count):
                return
            self._stop.wait(batch.wait_s)

    def _batches(self, reading: Reading) -> Iterator[Batch]:
        """What is read until it ends; a stop ends it early."""
        while not self._stop.is_set():
            batch = reading.read()
            if batch is not None:
                yield replace(batch, wait_s=0.0) if self._once and batch.caught_up else batch
            if batch is None or (self._once and batch.caught_up):
                self._fed = replace(self._fed, complete=True)
                return

    def _pump(self, batches: Iterator[Batch], encoding: Encoding, outlet: Outlet) -> None:
        pending = Pending(time.monotonic)
        for batch in batches:
            pending.add(batch, *encoding.encode(batch, outlet.standing.records + len(pending.records)))
            if batch.wait_s or pending.is_full():
                self._commit(pending, outlet)
                self._stop.wait(batch.wait_s)
        self._commit(pending, outlet)

    def _commit(self, pending: Pending, outlet: Outlet) -> None:
        records, dead, position = pending.take()
        if not (records or dead or position):
            return
        outlet.commit(records, dead, position)
        size_bytes = self._fed.size_bytes + sum(len(record.value or b"") for record in records)
        self._fed = replace(
            self._fed,
            records=self._fed.records + len(records),
            dead=self._fed.dead + len(dead),
            size_bytes=size_bytes,
            waiting_for="",
        )
        self.progress(self._fed)

    def _tell_wait(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self.progress(replace(self._fed, waiting_for=error.message if isinstance(error, Retryable) else ""))


def _name(topic: str) -> str:
    """A name of a record for a topic.

    >>> _name("planes.2013-raw")
    'planes_2013_raw'
    """
    name = "".join(letter if letter.isalnum() else "_" for letter in topic)
    return name if name[:1].isalpha() else f"_{name}"
