"""Features to Redis: the newest row of each feature set, for each value of an entity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

import redis

from schemas.durations import parse_duration
from schemas.errors import Fatal
from schemas.session import Session
from sinks.feature_rows import FeatureRow, FeatureValue, RowVersion, newest, pack
from sinks.keys import checked, features_prefix, generation_key, progress_prefix
from sinks.redis_connection import Call, Script, connect, errors_of, run

ROWS_PER_CALL = 256  # a script blocks the server while it runs

_WRITE, _REPORT = Script.read("write_features"), Script.read("report_progress")


@dataclass(frozen=True)
class FeatureStore:
    """A sink that keeps each entity's newest features in Redis, where serving reads them.

    Delivery: a row that is written again changes nothing, an older one loses; so a replay leaves what was there.
    `entity` is the field that says whose features they are; records without a value in it are passed over.
    `ttl` is how long an entity is kept after its last new row. `features` are the names to keep, all if None.

    >>> FeatureStore("origin", ttl="2d", features=("mean_1h",))
    FeatureStore(entity='origin', ttl='2d', features=('mean_1h',))
    """

    entity: str
    ttl: str = "2d"
    features: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        checked("entity", self.entity)
        if self.ttl_ms <= 0:
            raise Fatal(f'feature store of entity "{self.entity}": ttl "{self.ttl}" must be greater than zero')
        if isinstance(self.features, str):
            raise Fatal(f'feature store of entity "{self.entity}": features must be a tuple of names')

    @property
    def ttl_ms(self) -> int:
        return int(parse_duration(self.ttl).total_seconds() * 1000)

    def row(
        self,
        feature_set: str,
        record: Mapping[str, Any],
        features: Mapping[str, FeatureValue],
        version: RowVersion,
    ) -> FeatureRow | None:
        """The row to write for a record and its features; None if the record names no entity. Raises Fatal for a
        feature that is not there.

        >>> store = FeatureStore("origin", features=("mean_1h",))
        >>> store.row("delays", {"origin": "EWR"}, {"mean_1h": 4.5, "hour": 7}, RowVersion(0, 0, 7)).features
        {'mean_1h': 4.5}
        """
        value = record.get(self.entity)
        if value is None:
            return None
        if self.features is not None:
            try:
                features = {name: features[name] for name in self.features}
            except KeyError as error:
                raise Fatal(
                    f'feature set "{feature_set}": no feature "{error.args[0]}", it has {list(features)}'
                ) from None
        return FeatureRow(self.entity, value, feature_set, features, *version)

    def open(self, redis_url: str, workflow: str, generation: int) -> FeatureWriter:
        """A writer for one generation of a workflow's features. Raises Retryable when Redis is away."""
        return open_stores([self], redis_url, workflow, generation)


def open_stores(stores: Iterable[FeatureStore], redis_url: str, workflow: str, generation: int) -> FeatureWriter:
    """One writer for the rows of several stores, in shared round trips. Raises Retryable when Redis is away."""
    ttls_ms: dict[str, int] = {}
    for store in stores:
        ttls_ms[store.entity] = max(store.ttl_ms, ttls_ms.get(store.entity, 0))
    client = connect(redis_url)
    with errors_of(client):
        client.script_load(_WRITE.text)
        client.script_load(_REPORT.text)
    return FeatureWriter(client, workflow, generation, ttls_ms)


class FeatureWriter(Session):
    """Writes feature rows; a context manager. Made by `FeatureStore.open` or `open_stores`."""

    def __init__(self, client: redis.Redis, workflow: str, generation: int, ttls_ms: Mapping[str, int]) -> None:
        self._client = client
        self._generation = generation
        self._generation_key = generation_key(workflow)
        self._progress = progress_prefix(workflow)
        self._prefix = features_prefix(workflow, generation)
        self._ttls_ms = ttls_ms

    def write(self, rows: Iterable[FeatureRow], reached: Mapping[str, int] | None = None) -> int:
        """Stores what is newer than what Redis has, in one round trip; gives the number of rows stored.

        `reached` says how far the generation has come: an event time in ms for each shard and partition, named as
        `<shard>/<shards>.<topic>.<partition>`. Readers move on to a generation when it is as far in each partition as
        the one that they read. Raises Retryable when Redis is away; writing the same rows again is then right.
        """
        calls = list(self._calls(newest(rows)))
        report = [self._report(reached)] if reached else []
        return sum(run(self._client, calls + report)[: len(calls)]) if calls or report else 0

    def _report(self, reached: Mapping[str, int]) -> Call:
        args: list[str | bytes | int] = [self._generation, self._progress]
        for part, event_time in reached.items():
            args += (part, event_time)
        return Call(_REPORT, [self._generation_key, f"{self._progress}{self._generation}"], args)

    def _calls(self, rows: list[FeatureRow]) -> Iterator[Call]:
        for entity, of_entity in groupby(sorted(rows, key=_entity), key=_entity):
            while chunk := list(islice(of_entity, ROWS_PER_CALL)):
                yield self._call(entity, chunk)

    def _call(self, entity: str, rows: Sequence[FeatureRow]) -> Call:
        keys = [f"{self._prefix}{entity}:{row.value}" for row in rows]
        args: list[str | bytes | int] = [self._ttls_ms[entity]]
        for row in rows:
            args += (row.feature_set, pack(row))
        return Call(_WRITE, keys, args)

    def close(self) -> None:
        self._client.close()


def _entity(row: FeatureRow) -> str:
    return row.entity
