"""Models to the model store: the newest artifact of each shard live in Redis, and some of them in an archive."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.durations import parse_duration
from schemas.errors import Fatal
from sinks.keys import checked
from sinks.model_archive import ModelArchive
from sinks.pace import Pace
from sinks.redis_connection import connect, errors_of
from sinks.redis_models import ModelPublisher


@dataclass(frozen=True)
class ModelStore:
    """A sink that publishes a model while it learns, at most once in `every`, and archives it once in `archive_every`.

    Delivery: a greater version replaces a smaller one, never the other way round. The archive keeps the newest
    `archive_keep` artifacts of each shard.

    >>> ModelStore("lateness", every="1s")
    ModelStore(name='lateness', every='1s', archive_every='1m', archive_keep=10)
    """

    name: str
    every: str = "1s"
    archive_every: str = "1m"
    archive_keep: int = 10

    def __post_init__(self) -> None:
        checked("model", self.name)
        parse_duration(self.every)
        parse_duration(self.archive_every)
        if self.archive_keep < 1:
            raise Fatal(f'model "{self.name}": archive_keep is {self.archive_keep}, expected 1 or more')

    def open(self, redis_url: str, archive_url: str | None = None, shards: int = 1) -> ModelPublisher:
        """A publisher for the model's `shards`, which archives nothing without `archive_url`.

        Raises Retryable when Redis is away.
        """
        archive = None
        if archive_url:
            archive = ModelArchive(archive_url, self.name, self.archive_keep, Pace(_seconds(self.archive_every)))
        client = connect(redis_url)
        with errors_of(client):
            client.ping()
        return ModelPublisher(client, self.name, shards, Pace(_seconds(self.every)), archive)


def _seconds(duration: str) -> float:
    return parse_duration(duration).total_seconds()
