"""Keeps the catalog up to date: announcements first, and all models read again every second, as the former get lost."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager, suppress
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias

from engine.scoring.catalog import Catalog
from engine.scoring.metrics import Metrics
from engine.scoring.served import Shard
from engine.scoring.twins import Twins
from models.artifact import ModelCard
from schemas.errors import Fatal, HeadraceError
from schemas.version import Version
from sinks import Announcement, StoredModel

REREAD_S = 1.0

log = logging.getLogger(__name__)


class Announcements(AbstractAsyncContextManager[Any], Protocol):
    """Word of published models, and their names. Methods raise Retryable while the store is away."""

    async def names(self) -> dict[str, int]: ...

    def subscribe(self, wait_s: float = 1.0) -> AsyncIterator[Announcement | None]: ...


class Models(AbstractContextManager[Any], Protocol):
    """Published models. Raises Retryable while the store is away."""

    def fetch(self, model: str, shard: int = 0, newer_than: Version | None = None) -> StoredModel | None: ...


Unseal: TypeAlias = Callable[[bytes], tuple[ModelCard, Any]]


class Refresher:
    """Takes published models into service; `unseal` opens an artifact, and raises Fatal where it is not to be trusted.

    An asynchronous context manager: it follows the store inside. With `twins` models are asked by those, too.

    `read_once` is set when all models were read for the first time; `trouble` says why they cannot be read now.
    """

    def __init__(
        self,
        news: Announcements,
        models: Models,
        catalog: Catalog,
        unseal: Unseal,
        metrics: Metrics,
        twins: Twins | None = None,
    ) -> None:
        self._news = news
        self._models = models
        self._catalog = catalog
        self._unseal = unseal
        self._metrics = metrics
        self._twins = twins
        self._seen: dict[tuple[str, int], Version] = {}
        self.read_once = asyncio.Event()
        self.trouble = "the model store has not been read yet"

    async def __aenter__(self) -> Self:
        await self._news.__aenter__()
        self._following = asyncio.create_task(self._run())
        self._following.add_done_callback(self._ended)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._following.cancel()
        with suppress(asyncio.CancelledError):
            await self._following
        await self._news.__aexit__(kind, error, traceback)
        self._models.__exit__(kind, error, traceback)

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

    def _ended(self, following: asyncio.Task[None]) -> None:
        """An error of ours must not go unseen: without this task the models grow old."""
        if not following.cancelled() and (error := following.exception()) is not None:
            log.critical("models are no longer followed", exc_info=error)
            self.trouble = f"models are no longer followed: {error!r}"
            self.read_once.clear()

    async def _follow(self) -> None:
        reread_at = 0.0
        async for announcement in self._news.subscribe(REREAD_S):
            if announcement is not None:
                await asyncio.to_thread(self._take, announcement.model, announcement.shard)
            if announcement is None or time.monotonic() >= reread_at:
                await self._take_all()
                reread_at = time.monotonic() + REREAD_S

    async def _take_all(self) -> None:
        for model, shards in (await self._news.names()).items():
            for shard in range(shards):
                await asyncio.to_thread(self._take, model, shard)
        self.trouble = ""
        self._metrics.store_up.set(1)
        self.read_once.set()

    def _take(self, model: str, shard: int) -> None:
        """In a thread, so that no request waits for a large model to come and be loaded, or for an old one to go."""
        stored = self._models.fetch(model, shard, self._seen.get((model, shard)))
        if stored is None:
            return
        self._seen[model, shard] = stored.version
        try:
            self._serve(stored)
        except Fatal as error:
            self._metrics.refused.inc()
            log.error('model "%s" version %s is refused: %s', model, stored.version, error)

    def _serve(self, stored: StoredModel) -> None:
        with _collector_at_rest():
            card, model = self._unseal(stored.artifact)
        named = (stored.model, stored.shard, stored.version.epoch, stored.version.count)
        sealed = (card.model, card.shard, card.version.epoch, card.version.count)
        if named != sealed:
            raise Fatal(f"the artifact is sealed as {sealed}, but stored as {named}")
        if self._catalog.offer(Shard(card, model, self._twins)):
            self._report(card, stored.published_at_ms)

    def _report(self, card: ModelCard, published_at_ms: int) -> None:
        where = (card.model, str(card.shard))
        self._metrics.epoch.labels(*where).set(card.version.epoch)
        self._metrics.count.labels(*where).set(card.version.count)
        self._metrics.learned_until.labels(*where).set(card.learned_until / 1000)
        self._metrics.swaps.labels(card.model).inc()
        self._metrics.swap_delay.observe(max(0.0, time.time() - published_at_ms / 1000))
        log.info('model "%s" shard %s: version %s is being served', *where, card.version)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Loading makes no garbage, but the collector would look through all of a large model, and requests wait for it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
