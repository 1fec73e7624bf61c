"""Keeps the catalog up to date: announcements first, and all models read again every second, as the former get lost."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType
from typing import Any, Protocol, Self

from engine.scoring.catalog import Catalog
from engine.scoring.metrics import Metrics
from engine.scoring.served import Shard
from models.artifact import ModelCard
from schemas.errors import Fatal, HeadraceError
from sinks import Announcement, StoredModel, StoredVersion

REREAD_S = 1.0

log = logging.getLogger(__name__)


class ModelSource(AbstractAsyncContextManager[Any], Protocol):
    """Where published models are read. Its methods raise Retryable when it is away."""

    async def names(self) -> dict[str, int]: ...

    async def fetch(
        self, model: str, shard: int = 0, newer_than: StoredVersion | None = None
    ) -> StoredModel | None: ...

    def subscribe(self, wait_s: float = 1.0) -> AsyncIterator[Announcement | None]: ...


class Refresher:
    """Takes published models into service; `unseal` opens an artifact, and raises Fatal where it is not to be trusted.

    An asynchronous context manager: it follows the store inside.

    `read_once` is set when all models were read for the first time; `trouble` says why they cannot be read now.
    """

    def __init__(
        self, source: ModelSource, catalog: Catalog, unseal: Callable[[bytes], tuple[ModelCard, Any]], metrics: Metrics
    ) -> None:
        self._source = source
        self._catalog = catalog
        self._unseal = unseal
        self._metrics = metrics
        self._seen: dict[tuple[str, int], StoredVersion] = {}
        self.read_once = asyncio.Event()
        self.trouble = "the model store has not been read yet"

    async def __aenter__(self) -> Self:
        await self._source.__aenter__()
        self._following = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._following.cancel()
        with suppress(asyncio.CancelledError):
            await self._following
        await self._source.__aexit__(kind, error, traceback)

    async def _run(self) -> None:
        """Follow the store until cancelled; while it is away, go on serving what there is and try again."""
        while True:
            try:
                await self._follow()
            except HeadraceError as error:
                if self.trouble != str(error):
                    log.warning("models cannot be read: %s", error)
                self.trouble = str(error)
                self._metrics.store_up.set(0)
                await asyncio.sleep(REREAD_S)

    async def _follow(self) -> None:
        reread_at = 0.0
        async for announcement in self._source.subscribe(REREAD_S):
            if announcement is not None:
                await self._take(announcement.model, announcement.shard)
            if announcement is None or time.monotonic() >= reread_at:
                await self._take_all()
                reread_at = time.monotonic() + REREAD_S

    async def _take_all(self) -> None:
        for model, shards in (await self._source.names()).items():
            for shard in range(shards):
                await self._take(model, shard)
        self.trouble = ""
        self._metrics.store_up.set(1)
        self.read_once.set()

    async def _take(self, model: str, shard: int) -> None:
        stored = await self._source.fetch(model, shard, self._seen.get((model, shard)))
        if stored is None:
            return
        self._seen[model, shard] = stored.version
        try:
            await asyncio.to_thread(self._serve, stored)
        except Fatal as error:
            self._metrics.refused.inc()
            log.error('model "%s" version %s is refused: %s', model, stored.version, error)

    def _serve(self, stored: StoredModel) -> None:
        """In a thread, so that no request waits for a large model to load, or for an old one to be freed."""
        card, model = self._unseal(stored.artifact)
        named = (stored.model, stored.shard, stored.version.epoch, stored.version.count)
        sealed = (card.model, card.shard, card.version.epoch, card.version.count)
        if named != sealed:
            raise Fatal(f"the artifact is sealed as {sealed}, but stored as {named}")
        if self._catalog.offer(Shard(card, model)):
            self._report(card, stored.published_at_ms)

    def _report(self, card: ModelCard, published_at_ms: int) -> None:
        where = (card.model, str(card.shard))
        self._metrics.epoch.labels(*where).set(card.version.epoch)
        self._metrics.count.labels(*where).set(card.version.count)
        self._metrics.learned_until.labels(*where).set(card.learned_until / 1000)
        self._metrics.swaps.labels(card.model).inc()
        self._metrics.publish_delay.observe(max(0.0, time.time() - published_at_ms / 1000))
        log.info('model "%s" shard %s: version %s is being served', *where, card.version)
