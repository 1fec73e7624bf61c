"""Models from Redis, for serving: what is live, and word of what is published."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from schemas.session import AsyncSession, Session
from schemas.version import Version
from sinks.keys import ANNOUNCEMENTS, MODELS, live_model_key
from sinks.redis_connection import connect, connect_async, errors_of
from sinks.stored_models import LIVE_FIELDS, Announcement, StoredModel, is_newer, stored_model


class ModelReader(Session):
    """Reads live models; a context manager."""

    def __init__(self, redis_url: str) -> None:
        self._client = connect(redis_url)

    def fetch(self, model: str, shard: int = 0, newer_than: Version | None = None) -> StoredModel | None:
        """The live model of a shard; None when there is none, or none newer than `newer_than`.

        The artifact crosses the network only when it is newer. Raises Retryable when Redis is away.
        """
        key = live_model_key(model, shard)
        with errors_of(self._client):
            if not is_newer(self._client.hmget(key, "epoch", "count"), newer_than):
                return None
            return stored_model(model, shard, self._client.hmget(key, *LIVE_FIELDS))

    def close(self) -> None:
        self._client.close()


class ModelNews(AsyncSession):
    """Says which models there are, and when one is published; an asynchronous context manager.

    Its methods raise Retryable when Redis is away.
    """

    def __init__(self, redis_url: str) -> None:
        self._client = connect_async(redis_url)

    async def names(self) -> dict[str, int]:
        """All models, and how many shards each has."""
        with errors_of(self._client):
            return _shards(await self._client.hgetall(MODELS))

    async def subscribe(self, wait_s: float = 1.0) -> AsyncIterator[Announcement | None]:
        """Announcements as they come. None comes first, once listening, and whenever nothing came for `wait_s`: then
        it is time to read again, because announcements get lost."""
        with errors_of(self._client):
            async with self._client.pubsub() as listener:
                await listener.subscribe(ANNOUNCEMENTS)
                while True:
                    yield _announced(await listener.get_message(timeout=wait_s))

    async def aclose(self) -> None:
        await self._client.aclose()


def _shards(models: Mapping[Any, Any]) -> dict[str, int]:
    return {model.decode(): int(shards) for model, shards in models.items()}


def _announced(message: Mapping[str, Any] | None) -> Announcement | None:
    """What a message of the channel announces; None for the confirmation of the subscription."""
    if message is None or message["type"] != "message":
        return None
    return Announcement.decode(message["data"])
