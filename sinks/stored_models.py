"""What the model store holds: a model as it was stored, and the announcement of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from schemas.version import Version

LIVE_FIELDS = ("epoch", "count", "published_at_ms", "artifact")


@dataclass(frozen=True)
class StoredModel:
    """The newest artifact of one shard; `artifact` is a sealed one, to be opened only with its key."""

    model: str
    shard: int
    version: Version
    published_at_ms: int
    artifact: bytes


class Announcement(NamedTuple):
    """Word that a version of a model was published.

    >>> announcement = Announcement("late", 0, Version(3, 1200))
    >>> announcement.encode()
    'late:0:3:1200'
    >>> Announcement.decode(b"late:0:3:1200") == announcement
    True
    """

    model: str
    shard: int
    version: Version

    def encode(self) -> str:
        return f"{self.model}:{self.shard}:{self.version.epoch}:{self.version.count}"

    @classmethod
    def decode(cls, data: bytes) -> Announcement:
        model, shard, epoch, count = data.decode().rsplit(":", 3)
        return cls(model, int(shard), Version(int(epoch), int(count)))


def is_newer(version: Sequence[Any], than: Version | None) -> bool:
    """Whether the epoch and count that Redis gave are those of a model, and of a newer one."""
    epoch, count = version
    if epoch is None or count is None:
        return False
    return than is None or Version(int(epoch), int(count)) > than


def stored_model(model: str, shard: int, fields: Sequence[Any]) -> StoredModel | None:
    """The model in the `LIVE_FIELDS` that Redis gave; None where there is none."""
    epoch, count, published_at_ms, artifact = fields
    if epoch is None or count is None or published_at_ms is None or artifact is None:
        return None
    return StoredModel(model, shard, Version(int(epoch), int(count)), int(published_at_ms), artifact)
