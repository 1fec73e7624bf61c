"""Features from Redis, for serving: of the generation that is current, in one round trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from schemas.session import AsyncSession, Session
from sinks.feature_rows import FeatureRow, unpack
from sinks.keys import features_prefix, generation_key
from sinks.redis_connection import connect, connect_async, errors_of


class Lookup(NamedTuple):
    """Whose features to read: a feature set, and a value of its entity."""

    entity: str
    value: str | int
    feature_set: str


class FeatureReader(Session):
    """Reads feature rows; a context manager."""

    def __init__(self, redis_url: str) -> None:
        self._client = connect(redis_url)
        self._generations: dict[str, int] = {}

    def read(self, workflow: str, lookups: Sequence[Lookup]) -> list[FeatureRow | None]:
        """The newest row for each lookup, in their order; None where there is none.

        One round trip, and one more after a switch of generations. Raises Retryable when Redis is away.
        """
        while True:
            assumed = self._generations.get(workflow, 0)
            with errors_of(self._client):
                pipeline = self._client.pipeline(transaction=False)
                for key, field in _fields(workflow, assumed, lookups):
                    pipeline.hget(key, field)
                current, *packed = pipeline.execute()
            if int(current or 0) == assumed:
                return _rows(lookups, packed)
            self._generations[workflow] = int(current or 0)

    def close(self) -> None:
        self._client.close()


class AsyncFeatureReader(AsyncSession):
    """`FeatureReader` for an event loop; an asynchronous context manager."""

    def __init__(self, redis_url: str) -> None:
        self._client = connect_async(redis_url)
        self._generations: dict[str, int] = {}

    async def read(self, workflow: str, lookups: Sequence[Lookup]) -> list[FeatureRow | None]:
        """As `FeatureReader.read`."""
        while True:
            assumed = self._generations.get(workflow, 0)
            with errors_of(self._client):
                pipeline = self._client.pipeline(transaction=False)
                for key, field in _fields(workflow, assumed, lookups):
                    pipeline.hget(key, field)
                current, *packed = await pipeline.execute()
            if int(current or 0) == assumed:
                return _rows(lookups, packed)
            self._generations[workflow] = int(current or 0)

    async def aclose(self) -> None:
        await self._client.aclose()


def _fields(workflow: str, generation: int, lookups: Sequence[Lookup]) -> list[tuple[str, str]]:
    """The hash fields to ask for: the current generation, then the rows in the generation that is thought to be it."""
    prefix = features_prefix(workflow, generation)
    rows = [(f"{prefix}{entity}:{value}", feature_set) for entity, value, feature_set in lookups]
    return [(generation_key(workflow), "current"), *rows]


def _rows(lookups: Sequence[Lookup], packed: Sequence[bytes | None]) -> list[FeatureRow | None]:
    return [
        None if found is None else unpack(lookup.entity, lookup.value, lookup.feature_set, found)
        for lookup, found in zip(lookups, packed, strict=True)
    ]
