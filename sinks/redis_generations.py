"""Generations of a workflow's features: a fresh start writes a new one, readers move on when it has caught up."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from schemas.session import Session
from sinks.keys import generation_key, progress_prefix
from sinks.redis_connection import Call, Script, connect, errors_of, run


class Generations(Session):
    """The generations of one workflow; a context manager. Its methods raise Retryable when Redis is away."""

    def __init__(self, redis_url: str, workflow: str) -> None:
        self._workflow = workflow
        self._key = generation_key(workflow)
        self._client = connect(redis_url)

    def current(self) -> int | None:
        """The generation that is read; None before the first has reported its progress."""
        with errors_of(self._client):
            current = self._client.hget(self._key, "current")
        return None if current is None else int(current)

    def next(self) -> int:
        """Takes a new generation, greater than all before it, for a fresh start to write into."""
        return int(run(self._client, [Call(Script.read("next_generation"), [self._key], [])])[0])

    def of(self, definition: str) -> int:
        """The generation of a definition of the feature sets: the one it had before, or a new one.

        For jobs that start without being told whether they resume: rows that they write again change nothing.
        """
        field = f"definition:{definition}"
        with errors_of(self._client):
            known = self._client.hget(self._key, field)
            if known is None:
                self._client.hsetnx(self._key, field, str(self.next()))  # another start may be quicker
                known = self._client.hget(self._key, field)
        return int(known or 0)

    def keep_partitions(self, filled: Collection[tuple[str, int]]) -> None:
        """Forgets how far the generation that is read came in partitions other than those: no later one gets there.

        `filled` are the topics and partitions that hold records.
        """
        progress = f"{progress_prefix(self._workflow)}{self.current() or 0}"
        with errors_of(self._client):
            kept = {f"{topic}.{partition}".encode() for topic, partition in filled}
            parts = cast(list[bytes], self._client.hkeys(progress))
            gone = [part for part in parts if part.partition(b".")[2] not in kept]
            if gone:
                self._client.hdel(progress, *gone)

    def close(self) -> None:
        self._client.close()
