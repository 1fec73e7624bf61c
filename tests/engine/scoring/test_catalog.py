"""Which of the versions that arrive is served, in whatever order they come."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

from engine.scoring import Catalog, Shard
from schemas.version import Version
from tests.engine.scoring.lateness import CARD, learned

MODEL = learned(0)


def shard(number: int, of: int, version: Version) -> Shard:
    return Shard(replace(CARD, keyed_by="origin", shard=number, shards=of, version=version), {"JFK": MODEL})


def test_the_newest_partitioning_is_served_in_whatever_order_its_shards_come() -> None:
    old = [shard(0, 2, Version(1, 700)), shard(1, 2, Version(2, 900))]
    new = [shard(0, 4, Version(3, 10)), shard(2, 4, Version(4, 5))]
    for order in permutations([*old, *new]):
        catalog = Catalog()
        for each in order:
            catalog.offer(each)
        assert sorted(catalog["lateness"].shards.items()) == [(0, new[0]), (2, new[1])]


def test_a_version_that_is_no_greater_changes_nothing() -> None:
    catalog, held = Catalog(), shard(0, 2, Version(2, 10))
    assert catalog.offer(held)
    assert not catalog.offer(shard(0, 2, Version(2, 10)))
    assert not catalog.offer(shard(0, 2, Version(1, 90)))
    assert catalog.offer(shard(1, 2, Version(1, 5)))
    assert catalog["lateness"].shards[0] is held
