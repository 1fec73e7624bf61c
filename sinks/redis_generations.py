"""Generations of a workflow's features: a fresh start writes a new one, readers move on when it has caught up."""

from __future__ import annotations

from schemas.session import Session
from sinks.keys import generation_key
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
            if known is not None:
                return int(known)
            generation = self.next()
            self._client.hset(self._key, field, generation)
        return generation

    def close(self) -> None:
        self._client.close()
