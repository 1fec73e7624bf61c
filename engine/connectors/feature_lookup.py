"""Records with the features that Redis has of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from engine.connectors.table import Named
from models.looked_up import LookedUp
from schemas.errors import Fatal


@dataclass(frozen=True)
class Features:
    """Features in Redis: those that a sink, a `FeatureStore`, of a workflow writes, with names and Avro types.

    Types are double, long, string and boolean. `entity` is what the sink calls its entity, if that is not the field
    that a lookup goes by.

    >>> Features("delays", "origins", {"mean_1h": "double"}).sink
    'origins'
    """

    workflow: str
    sink: str
    features: Mapping[str, str]
    entity: str | None = None

    def __repr__(self) -> str:
        entity = f", entity={self.entity!r}" if self.entity else ""
        return f"Features({self.workflow!r}, {self.sink!r}, {dict(self.features)!r}{entity})"

    def __post_init__(self) -> None:
        if not self.features:
            raise Fatal(f"{self!r}: names no feature", hint='Features("delays", "origins", {"mean_1h": "double"})')


class FeatureLookup:
    """Each record of `left` with the newest features that Redis has of its value of the field `on`.

    They are read in one pipelined round trip for each frame and workflow, and kept with the frame for as long as that
    may be learned again: so after a crash a model comes back as it was. What is newest changes as others write, which
    no event time orders: so `order="event_time"` refuses it. A value that Redis knows nothing of gives nulls, or drops
    the record, as `unmatched` says; a feature of another type than declared is a dead letter. `on` is a field of the
    stream that `left` is, or that it stems from by pipelines. Delivery: exactly once, by snapshot and learn-log. Unit
    of parallelism: the shard.

    >>> from engine.connectors.table import Table
    >>> FeatureLookup(Table("departures", (), None), Features("delays", "origins", {"mean_1h": "double"}), on="origin")
    FeatureLookup('departures', Features('delays', 'origins', {'mean_1h': 'double'}), on='origin', unmatched='keep')
    """

    def __init__(
        self, left: Named, features: Features, *, on: str, unmatched: Literal["keep", "drop"] = "keep"
    ) -> None:
        self.left, self.features, self.on, self.unmatched = left.name, features, on, unmatched
        if unmatched not in ("keep", "drop"):
            raise Fatal(f'{self!r}: unmatched is neither "keep" nor "drop"')
        origin = f"{features.workflow}.{features.sink} by {on}"
        origin += f" as {features.entity}" if features.entity else ""
        self.transformer = LookedUp(origin, features.features, keeps=unmatched == "keep")

    def __repr__(self) -> str:
        return f"FeatureLookup({self.left!r}, {self.features}, on={self.on!r}, unmatched={self.unmatched!r})"

    @property
    def entity(self) -> str:
        """What the features in Redis are of."""
        return self.features.entity or self.on

    @property
    def caveat(self) -> str:
        """What its author should know of it."""
        return "features change as others write them, in no order: not reproducible"

    def reads(self, streams: Iterable[str]) -> tuple[str, ...]:
        """The stream that was given."""
        return (self.left,)
