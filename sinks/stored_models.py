"""What the model store holds: a version, a model as it was stored, and the announcement of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

LIVE_FIELDS = ("epoch", "count", "published_at_ms", "artifact")


class Versioned(Protocol):
    """Anything with a model's version: versions compare by epoch first, then by the number of records learned."""

    @property
    def epoch(self) -> int: ...

    @property
    def count(self) -> int: ...


@dataclass(frozen=True, order=True)
class StoredVersion:
    """A version as the store knows it.

    >>> StoredVersion(2, 10) > StoredVersion(1, 5000)
    True
    """

    epoch: int
    count: int


@dataclass(frozen=True)
class StoredModel:
    """The newest artifact of one shard; `artifact` is a sealed one, to be opened only with its key."""

    model: str
    shard: int
    version: StoredVersion
    published_at_ms: int
    artifact: bytes


class Announcement(NamedTuple):
    """Word that a version of a model was published.

    >>> announcement = Announcement("late", 0, StoredVersion(3, 1200))
    >>> announcement.encode()
    'late:0:3:1200'
    >>> Announcement.decode(b"late:0:3:1200") == announcement
    True
    """

    model: str
    shard: int
    version: StoredVersion

    def encode(self) -> str:
        return f"{self.model}:{self.shard}:{self.version.epoch}:{self.version.count}"

    @classmethod
    def decode(cls, data: bytes) -> Announcement:
        model, shard, epoch, count = data.decode().rsplit(":", 3)
        return cls(model, int(shard), StoredVersion(int(epoch), int(count)))


def is_newer(version: Sequence[Any], than: Versioned | None) -> bool:
    """Whether the epoch and count that Redis gave are those of a model, and of a newer one."""
    epoch, count = version
    if epoch is None or count is None:
        return False
    return than is None or (int(epoch), int(count)) > (than.epoch, than.count)


def stored_model(model: str, shard: int, fields: Sequence[Any]) -> StoredModel | None:
    """The model in the `LIVE_FIELDS` that Redis gave; None where there is none."""
    epoch, count, published_at_ms, artifact = fields
    if epoch is None or count is None or published_at_ms is None or artifact is None:
        return None
    return StoredModel(model, shard, StoredVersion(int(epoch), int(count)), int(published_at_ms), artifact)
