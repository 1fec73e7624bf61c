"""What the consoles of a workflow show on the terminal of whoever follows it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import orjson
from rich.console import Console as Terminal
from rich.table import Table

from engine.plan import Plan
from engine.settings import Settings, address
from schemas.codec import Decoder
from schemas.errors import Retryable
from schemas.registry import Registry
from schemas.session import Session
from sinks import Console
from sources.kafka_reader import TopicReader

LONGEST_S = 1.0  # how long records are shown at a time, while more come than can be read


class Shown(Session):
    """Reads the topics of a plan's consoles from the time `since_ms` on. Raises Retryable, Fatal."""

    def __init__(self, plan: Plan, settings: Settings, since_ms: int) -> None:
        self._resources = ExitStack()
        self._topics = [
            self._resources.enter_context(_Topic(sink.name, sink.sink, plan, settings, since_ms))
            for sink in plan.sinks
            if isinstance(sink.sink, Console)
        ]

    def show(self, terminal: Terminal) -> list[Table]:
        """Print what has come as lines, and give the tables as they are now."""
        for topic in self._topics:
            for record in topic.come():
                terminal.print(in_json(record), markup=False, highlight=False, soft_wrap=True)
        return [topic.table() for topic in self._topics if topic.console.style == "table"]

    def close(self) -> None:
        self._resources.close()


class _Topic(Session):
    """The topic of one console."""

    def __init__(self, name: str, console: Console, plan: Plan, settings: Settings, since_ms: int) -> None:
        self.console = console
        self._name = name
        self._fields = [field["name"] for field in plan.results[name]["fields"]]
        self._newest: deque[dict[str, Any]] = deque(maxlen=console.newest)
        self._resources = ExitStack()
        registry = self._resources.enter_context(Registry(address(settings, "registry")))
        self._decoder = Decoder(plan.results[name], registry.schema)
        topic = f"{plan.workflow}.{name}"
        reader = TopicReader(address(settings, "kafka"), topic, since_ms=since_ms)
        self._reader = self._resources.enter_context(reader)

    def come(self) -> Iterator[dict[str, Any]]:
        """What has come, unless it is for the table; a broker that is away is asked again the next time."""
        until = time.monotonic() + LONGEST_S
        try:
            while (records := self._reader.poll()) and time.monotonic() < until:
                for record in records:
                    result = self._decoder.decode(record.value)
                    if self.console.style == "lines":
                        yield result
                    else:
                        self._newest.append(result)
        except Retryable:
            return

    def table(self) -> Table:
        table = Table(title=self._name, title_justify="left")
        for name in self._fields:
            table.add_column(name, no_wrap=True)
        for result in self._newest:
            table.add_row(*(_cell(result[name]) for name in self._fields))
        return table

    def close(self) -> None:
        self._resources.close()


def in_json(record: dict[str, Any]) -> str:
    """A record as a line of JSON; bytes as hexadecimal digits.

    >>> in_json({"offset": 7, "probability": 0.5, "digest": b"k"})
    '{"offset":7,"probability":0.5,"digest":"6b"}'
    """
    return orjson.dumps(record, default=_text).decode()


def _cell(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "" if value is None else _text(value)


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
