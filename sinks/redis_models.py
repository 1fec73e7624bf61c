"""Models to Redis: one live artifact a shard, which only a greater version replaces."""

from __future__ import annotations

import redis

from schemas.session import Session
from schemas.version import Version
from sinks.keys import ANNOUNCEMENTS, MODELS, epoch_key, live_model_key
from sinks.model_archive import ModelArchive
from sinks.pace import Pace
from sinks.redis_connection import Call, Script, errors_of, run
from sinks.stored_models import Announcement


class ModelPublisher(Session):
    """Publishes the shards of one model; a context manager. Made by `ModelStore.open`.

    Methods raise Retryable when Redis or the archive is away; calling them again with the same arguments is then right.
    """

    def __init__(self, client: redis.Redis, model: str, shards: int, pace: Pace, archive: ModelArchive | None) -> None:
        self._client = client
        self._model = model
        self._shards = shards
        self._pace = pace
        self._archive = archive

    def take_epoch(self, at_least: int = 0) -> int:
        """An epoch greater than every one taken before, and than `at_least`, the one in state."""
        script = Script.read("take_epoch")
        return int(run(self._client, [Call(script, [epoch_key(self._model)], [at_least])])[0])

    def due(self, shard: int) -> bool:
        """Whether `every` has passed since the shard was last published, so that making an artifact is worth it."""
        return self._pace.due(shard)

    def publish(self, shard: int, version: Version, artifact: bytes) -> bool:
        """Makes `version` the live one and announces it; False when a greater one is live, which then stays.

        False says that another worker has taken the shard over: this one is to stop.
        """
        announcement = Announcement(self._model, shard, version)
        args: list[str | bytes | int] = [version.epoch, version.count, artifact, ANNOUNCEMENTS, announcement.encode()]
        call = Call(Script.read("publish_model"), [live_model_key(self._model, shard)], args)
        [live] = run(self._client, [call])
        if not live:
            return False
        with errors_of(self._client):
            self._client.hset(MODELS, self._model, str(self._shards))
        self._pace.mark(shard)
        if self._archive is not None:
            self._archive.offer(shard, version, artifact)
        return True

    def close(self) -> None:
        self._client.close()
