"""The way to Kafka, opened beside the service, which starts without it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack
from threading import Lock

from engine.ingest.limits import Limits
from schemas.errors import HeadraceError, Retryable
from schemas.session import AsyncSession
from sources.kafka_admin import KafkaAdmin, TopicRules
from sources.kafka_confirmed import ConfirmedWriter

log = logging.getLogger(__name__)
RETRY_S = 1.0


class Outlet(AsyncSession):
    """Writes to the broker at an address while it is there; an asynchronous context manager.

    `trouble` says why there is no connection, and is empty while there is one.
    """

    def __init__(self, address: str, limits: Limits) -> None:
        self._address = address
        self._limits = limits
        self._writer: ConfirmedWriter | None = None
        self._admin: KafkaAdmin | None = None
        self._asking = Lock()
        self._ending = asyncio.Event()
        self.trouble = f'kafka "{address}": not connected yet'

    async def __aenter__(self) -> Outlet:
        self._begin()
        return self

    async def aclose(self) -> None:
        """Wait for what is on its way to the broker, and end."""
        self._ending.set()
        await self._opening
        sessions = ExitStack()
        for session in (self._admin, self._writer):
            if session is not None:
                sessions.callback(session.close)
        await asyncio.to_thread(sessions.close)

    @property
    def writer(self) -> ConfirmedWriter:
        """What writes. Raises Retryable while there is no connection."""
        if self._writer is None:
            raise Retryable(self.trouble)
        return self._writer

    async def renew(self, writer: ConfirmedWriter, trouble: str) -> None:
        """Give up a writer that has met an error, and open another, unless that is being done."""
        if writer is self._writer:
            self._writer = None
            self.trouble = trouble
            self._begin()
            await asyncio.to_thread(writer.abandon)

    def rules(self, topic: str) -> TopicRules | None:
        """What the broker asks of a topic's records, None where it has no such topic. Raises Retryable when away."""
        if self._admin is None:
            raise Retryable(self.trouble)
        with self._asking:
            return self._admin.rules(topic) if topic in self._admin.topics() else None

    def _begin(self) -> None:
        self._opening = asyncio.create_task(self._open())
        self._opening.add_done_callback(self._ended)

    def _ended(self, opening: asyncio.Task[None]) -> None:
        """An error of ours must not go unseen: nobody else would connect again."""
        if not opening.cancelled() and (error := opening.exception()) is not None:
            log.critical("kafka is no longer asked for", exc_info=error)
            self.trouble = f"kafka is no longer asked for: {error!r}"

    def _connect(self) -> ConfirmedWriter:
        with self._asking:
            if self._admin is None:
                self._admin = KafkaAdmin(self._address)
            self._admin.topics()  # a writer that cannot connect would leave its sockets behind
        return ConfirmedWriter(self._address, self._limits.timeout_s)

    async def _open(self) -> None:
        """Try until it works."""
        while not self._ending.is_set():
            try:
                self._writer = await asyncio.to_thread(self._connect)
            except HeadraceError as error:
                if self.trouble != str(error):
                    log.warning("records cannot be written: %s", error)
                self.trouble = str(error)
                await self._pause()
            else:
                self.trouble = ""
                return

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(RETRY_S):
                await self._ending.wait()
        except TimeoutError:
            return
