"""Features from Redis, for serving: of the generation that is current, in one round trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from schemas.session import AsyncSession, Session
from sinks.feature_rows import FeatureRow, unpack
from sinks.keys import features_prefix, generation_key
from sinks.redis_connection import connect, connect_async, errors_of


class FeatureKey(NamedTuple):
    """Whose features to read: a feature set, and a value of its entity."""

    entity: str
    value: str | int
    feature_set: str


class FeatureReader(Session):
    """Reads feature rows; a context manager."""

    def __init__(self, redis_url: str) -> None:
        self._client = connect(redis_url)
        self._generations: dict[str, int] = {}

    def read(self, workflow: str, lookups: Sequence[FeatureKey]) -> list[FeatureRow | None]:
        """The newest row for each lookup, in their order; None where there is none.

        One round trip, and one more after a switch of generations. Raises Retryable when Redis is away.
        """
        while True:
            assumed = self._generations.get(workflow, 0)
            with errors_of(self._client):
                current, *packed = _asked(self._client, workflow, assumed, lookups).execute()
            if int(current or 0) == assumed:
                return _rows(lookups, packed)
            self._generations[workflow] = int(current or 0)

    def values(self, workflow: str, entity: str) -> list[str]:
        """All values of an entity that have features, in their order; asks for every key, so it is for small stores.

        Raises Retryable when Redis is away.
        """
        with errors_of(self._client):
            current = int(self._client.hget(generation_key(workflow), "current") or 0)
            prefix = f"{features_prefix(workflow, current)}{entity}:"
            found = self._client.scan_iter(match=f"{prefix}*")
            return sorted({key.decode().removeprefix(prefix) for key in found})

    def close(self) -> None:
        self._client.close()


class AsyncFeatureReader(AsyncSession):
    """`FeatureReader` for an event loop; an asynchronous context manager."""

    def __init__(self, redis_url: str) -> None:
        self._client = connect_async(redis_url)
        self._generations: dict[str, int] = {}

    async def read(self, workflow: str, lookups: Sequence[FeatureKey]) -> list[FeatureRow | None]:
        """As `FeatureReader.read`."""
        while True:
            assumed = self._generations.get(workflow, 0)
            with errors_of(self._client):
                current, *packed = await _asked(self._client, workflow, assumed, lookups).execute()
            if int(current or 0) == assumed:
                return _rows(lookups, packed)
            self._generations[workflow] = int(current or 0)

    async def aclose(self) -> None:
        await self._client.aclose()


def _asked(client: Any, workflow: str, generation: int, lookups: Sequence[FeatureKey]) -> Any:
    """What asks for the current generation, then for the rows in the generation that is thought to be it."""
    prefix, pipeline = features_prefix(workflow, generation), client.pipeline(transaction=False)
    pipeline.hget(generation_key(workflow), "current")
    for entity, value, feature_set in lookups:
        pipeline.hget(f"{prefix}{entity}:{value}", feature_set)
    return pipeline


def _rows(lookups: Sequence[FeatureKey], packed: Sequence[bytes | None]) -> list[FeatureRow | None]:
    return [
        None if found is None else unpack(lookup.entity, lookup.value, lookup.feature_set, found)
        for lookup, found in zip(lookups, packed, strict=True)
    ]
