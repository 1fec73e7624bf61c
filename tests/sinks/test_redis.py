from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Fatal
from sinks import (
    AsyncFeatureReader,
    FeatureKey,
    FeatureReader,
    FeatureRow,
    FeatureStore,
    Generations,
    RowVersion,
    open_stores,
)
from sinks.keys import features_prefix, progress_prefix
from sinks.redis import ROWS_PER_CALL
from tests.sinks.redis_server import RedisServer

EVENT_TIMES = st.sampled_from([-(1 << 63), -1, 0, 1, 1 << 33, (1 << 63) - 1]) | st.integers(-5, 5)
ROWS = st.lists(
    st.builds(
        lambda value, feature_set, version: FeatureRow("origin", value, feature_set, {"at": str(version)}, *version),
        st.sampled_from(["EWR", "JFK", "a:b {ü}"]),
        st.sampled_from(["delays", "counts"]),
        st.tuples(EVENT_TIMES, st.integers(0, 2), st.sampled_from([0, 1, 9, 10, 1 << 40]), st.integers(0, 2)),
    )
)
LOOKUPS = [FeatureKey("origin", value, of) for value in ("EWR", "JFK", "a:b {ü}") for of in ("delays", "counts")]
REACHED = {"0/1.flights.0": 0}  # what a generation reports that has read all there is
numbers = count()


def row(event_time: int, value: str | int = "EWR", feature_set: str = "delays", entity: str = "origin") -> FeatureRow:
    return FeatureRow(entity, value, feature_set, {"at": event_time}, event_time, partition=0, offset=event_time)


def expected(rows: list[FeatureRow]) -> list[FeatureRow | None]:
    """What a plain loop over all rows keeps."""
    return [max((r for r in rows if r[:3] == lookup), key=lambda r: r.version, default=None) for lookup in LOOKUPS]


@given(data=st.data(), rows=ROWS)
def test_any_order_and_any_frames_give_the_same_rows(
    server: RedisServer, data: st.DataObject, rows: list[FeatureRow]
) -> None:
    name = f"orders-{next(numbers)}"
    order = data.draw(st.permutations(rows))
    frames = data.draw(st.lists(st.integers(0, len(rows)), max_size=3).map(sorted))
    with FeatureStore("origin").open(server.url, name, 1) as writer, FeatureReader(server.url) as reader:
        writer.write([], REACHED)
        for start, end in zip([0, *frames], [*frames, len(rows)], strict=True):
            writer.write(order[start:end])
        assert reader.read(name, LOOKUPS) == expected(rows)
        assert writer.write(rows) == 0, "a replay stores nothing"
        assert reader.read(name, LOOKUPS) == expected(rows)


def test_writers_at_the_same_time_leave_the_newest(server: RedisServer, name: str) -> None:
    together = Barrier(4)

    def write(times: range) -> None:
        with FeatureStore("origin").open(server.url, name, 1) as writer:
            for time in times:
                together.wait(10)
                writer.write([row(time), row(-time, "JFK")])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, [range(start, 400, 4) for start in range(4)]))
    assert current_row(server, name, "EWR") == row(399)
    assert current_row(server, name, "JFK") == row(0, "JFK")


def current_row(server: RedisServer, name: str, value: str | int) -> FeatureRow | None:
    with FeatureStore("origin").open(server.url, name, 1) as writer, FeatureReader(server.url) as reader:
        writer.write([], REACHED)
        return reader.read(name, [FeatureKey("origin", value, "delays")])[0]


def test_a_frame_may_be_larger_than_a_call(server: RedisServer, name: str) -> None:
    rows = [row(0, value) for value in range(2 * ROWS_PER_CALL + 1)]
    with FeatureStore("origin").open(server.url, name, 1) as writer:
        assert writer.write(rows) == len(rows)
        assert writer.write([]) == 0
    assert current_row(server, name, 2 * ROWS_PER_CALL) == rows[-1]


def test_stores_share_a_writer(server: RedisServer, name: str) -> None:
    stores = [FeatureStore("origin", ttl="1d"), FeatureStore("carrier", ttl="1h"), FeatureStore("origin", ttl="1h")]
    with open_stores(stores, server.url, name, 1) as writer:
        assert writer.write([row(1, "EWR"), row(1, "UA", entity="carrier"), row(1, "JFK")]) == 3
    with server.client() as client:
        assert client.pttl(features_prefix(name, 1) + "origin:EWR") > 23 * 3_600_000
        assert 0 < client.pttl(features_prefix(name, 1) + "carrier:UA") <= 3_600_000


def test_only_a_newer_row_renews_the_time_to_live(server: RedisServer, name: str) -> None:
    key = features_prefix(name, 1) + "origin:EWR"
    with FeatureStore("origin", ttl="1h").open(server.url, name, 1) as writer, server.client() as client:
        writer.write([row(5)])
        assert 3_500_000 < client.pttl(key) <= 3_600_000
        client.pexpire(key, 60_000)
        writer.write([row(4), row(5)])
        assert client.pttl(key) <= 60_000
        writer.write([row(6)])
        assert client.pttl(key) > 3_500_000


def test_forgotten_scripts_are_loaded_again(server: RedisServer, name: str) -> None:
    with FeatureStore("origin").open(server.url, name, 1) as writer, server.client() as client:
        client.script_flush()
        assert writer.write([row(1), row(1, "JFK")]) == 2


def test_an_event_loop_reads_the_same(server: RedisServer, name: str) -> None:
    async def read() -> list[FeatureRow | None]:
        async with AsyncFeatureReader(server.url) as reader:
            lookups = [FeatureKey("origin", "EWR", "delays"), FeatureKey("origin", "???", "delays")]
            together = await asyncio.gather(*(reader.read(name, lookups) for _ in range(100)))
            assert all(rows == together[0] for rows in together)
            return together[0]

    with FeatureStore("origin").open(server.url, name, 1) as writer:
        writer.write([row(7)])
    assert current_row(server, name, "EWR") == row(7)
    assert asyncio.run(read()) == [row(7), None]


def test_readers_move_to_a_new_generation_when_it_has_caught_up(server: RedisServer, name: str) -> None:
    lookup = [FeatureKey("origin", "EWR", "delays")]
    with Generations(server.url, name) as generations, FeatureReader(server.url) as reader:
        assert (generations.current(), reader.read(name, lookup)) == (None, [None])
        with FeatureStore("origin").open(server.url, name, generations.next()) as old:
            old.write([row(9)], REACHED)
        assert reader.read(name, lookup) == [row(9)]
        with FeatureStore("origin").open(server.url, name, generations.next()) as new:
            new.write([row(1)])
            assert reader.read(name, lookup) == [row(9)], "not before it has caught up"
            new.write([], REACHED)
        assert reader.read(name, lookup) == [row(1)]


def test_the_values_of_an_entity_in_the_generation_that_is_read(server: RedisServer, name: str) -> None:
    stores = [FeatureStore("origin"), FeatureStore("carrier")]
    with open_stores(stores, server.url, name, 1) as first, open_stores(stores, server.url, name, 2) as second:
        first.write([row(1, "JFK"), row(1, "a:b {ü}"), row(1, "UA", entity="carrier")], REACHED)
        second.write([row(2, "EWR")])
        with FeatureReader(server.url) as reader:
            assert reader.values(name, "origin") == ["JFK", "a:b {ü}"]
            assert reader.values(name, "carrier") == ["UA"]
            assert reader.values(name, "dest") == []


def test_generations_go_forward_only(server: RedisServer, name: str) -> None:
    with Generations(server.url, name) as generations:
        first, second = generations.next(), generations.next()
        assert first < second
        for generation in (second, first):
            with FeatureStore("origin").open(server.url, name, generation) as writer:
                writer.write([], REACHED)
            assert generations.current() == second
        with FeatureStore("origin").open(server.url, name, second + 5) as writer:
            writer.write([], REACHED)
        assert generations.current() == second + 5, "known to a job, though Redis has lost the counter"
        assert generations.next() == second + 6


def test_a_record_becomes_a_row() -> None:
    store = FeatureStore("tailnum", features=("mean",))
    version = RowVersion(5, 1, 2, 3)
    found = store.row("delays", {"tailnum": "N1"}, {"mean": 1.5, "hour": 3}, version)
    assert found == FeatureRow("tailnum", "N1", "delays", {"mean": 1.5}, 5, 1, 2, 3)
    assert found is not None
    assert found.version == version
    assert store.row("delays", {"tailnum": None}, {"mean": 1.5}, version) is None
    with pytest.raises(Fatal, match='feature set "delays": no feature "mean"'):
        store.row("delays", {"tailnum": "N1"}, {"hour": 3}, version)


def test_readers_move_on_when_every_part_of_the_new_generation_has_caught_up(server: RedisServer) -> None:
    store, redis_url, workflow = FeatureStore("origin"), server.url, "moves_on"
    generations = Generations(redis_url, workflow)
    with store.open(redis_url, workflow, generations.next()) as old:
        old.write([], {"0/1.flights.0": 100, "0/1.flights.1": 200})
        assert generations.current() == 1
    with store.open(redis_url, workflow, generations.next()) as new:
        new.write([], {"0/1.flights.0": 100})
        assert generations.current() == 1
        new.write([], {"0/1.flights.1": 199})
        assert generations.current() == 1
        new.write([], {"0/1.flights.1": 200})
        assert generations.current() == 2


def test_readers_move_on_though_there_are_other_shards_now(server: RedisServer, name: str) -> None:
    store = FeatureStore("origin")
    with Generations(server.url, name) as generations:
        with store.open(server.url, name, generations.next()) as old:
            old.write([], {"0/2.flights.0": 100, "1/2.flights.0": 90, "0/2.flights.1": 200})
        with store.open(server.url, name, generations.next()) as new:
            new.write([], {"2/3.flights.0": 99, "1/3.flights.1": 200})
            assert generations.current() == 1
            new.write([], {"0/3.flights.0": 100})
            assert generations.current() == 2


def test_readers_move_on_though_partitions_are_gone_or_empty_or_of_another_topic(
    server: RedisServer, name: str
) -> None:
    store = FeatureStore("origin")
    with Generations(server.url, name) as generations:
        generations.keep_partitions([("flights", 0)])
        with store.open(server.url, name, generations.next()) as old:
            old.write([], {"0/1.flights.0": 100, "0/1.flights.1": 400, "0/1.flights.9": 300, "0/1.flights.10": 200})
            old.write([], {"0/1.departures.0": 500})
        generations.keep_partitions([("flights", 0), ("flights", 9)])
        with store.open(server.url, name, generations.next()) as new:
            new.write([], {"0/1.flights.0": 100})
            assert generations.current() == 1
            new.write([], {"0/1.flights.9": 300})
            assert generations.current() == 2


def test_the_progress_of_generations_that_are_no_longer_read_is_forgotten(server: RedisServer, name: str) -> None:
    with Generations(server.url, name) as generations, server.client() as client:
        for reached in (5, 4, 3, 5):  # the second and the third never catch up
            with FeatureStore("origin").open(server.url, name, generations.next()) as writer:
                writer.write([], {"0/1.flights.0": reached})
        prefix = progress_prefix(name)
        assert client.keys(f"{prefix}*") == [f"{prefix}4".encode()]


def test_a_definition_keeps_its_generation(server: RedisServer, name: str) -> None:
    generations = Generations(server.url, name)
    assert [generations.of("a"), generations.of("b"), generations.of("a"), generations.next()] == [1, 2, 1, 3]


def test_starts_at_the_same_time_have_one_generation_of_a_definition(server: RedisServer, name: str) -> None:
    together = Barrier(8)

    def of(generations: Generations, definition: str) -> int:
        together.wait(10)
        return generations.of(definition)

    def start(_: int) -> list[int]:
        with Generations(server.url, name) as generations:
            return [of(generations, definition) for definition in "abcdefghij"]

    with ThreadPoolExecutor(8) as threads:
        first, *others = threads.map(start, range(8))
    assert others == [first] * 7
