"""Feeds records that ship to Kafka beside what the command line does meanwhile."""

from __future__ import annotations

import multiprocessing
import signal
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

from engine.cli.feed import chosen, dataset
from engine.settings import Addresses

_shared: dict[str, Any] = {}  # of the process that feeds: what ends it


class Feeding:
    """Feeds a data set in a process of its own: encoding keeps a core busy, and this process has others to do.

    `rate` is in records a second, None for as fast as it goes; `limit` is the most records, None for all.
    """

    def __init__(self, data: str, addresses: Addresses, rate: float | None, limit: int | None) -> None:
        from engine.feed import Producer

        self.data = data
        target, _ = dataset(data)
        Producer(target, addresses.kafka, addresses.registry).close()  # from now on the topic is there
        processes = multiprocessing.get_context("spawn")
        self._stopped = processes.Event()
        self._process = ProcessPoolExecutor(1, processes, initializer=_begin, initargs=(self._stopped,))
        self._feeding: Future[None] = self._process.submit(
            _feed, data, addresses.kafka, addresses.registry, rate, limit
        )

    def is_done(self) -> bool:
        """Whether every record is in Kafka. Raises what kept one from it."""
        if not self._feeding.done():
            return False
        self._feeding.result()
        return True

    def stop(self) -> None:
        """End the process, once what was written is acknowledged."""
        self._stopped.set()
        self._process.shutdown()


def _begin(stopped: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C reaches all processes; the other one stops this one
    _shared["stopped"] = stopped


def _feed(data: str, kafka: str, registry: str, rate: float | None, limit: int | None) -> None:
    from engine.feed import Producer

    target, records = chosen(data, rate, limit, _shared["stopped"].wait)

    with Producer(target, kafka, registry) as producer:
        producer.send(records, stop=_shared["stopped"])
