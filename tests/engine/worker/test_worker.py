"""The learning plane on a real Redis, without Flink: frames in, output records out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from river import compose, linear_model, preprocessing, stats

from engine.plan import Plan
from engine.planner import make_plan, shipped_schema
from engine.workflow import Workflow
from models import Filter, Flag, InRange, NotNull, Repair, RollingMean, Rules
from models.allowlist import AllowList
from models.artifact import open_artifact
from models.signing import signing_key
from schemas.codec import Encoder
from schemas.errors import Fatal
from schemas.frames import Record, Status
from sinks import FeatureKey, FeatureReader, FeatureStore, ModelReader, ModelStore, Topic
from sources import KafkaTopic
from tests.engine.worker.bench import IDS, SIGNS, Bench, metric, published, records
from tests.sinks.redis_server import RedisServer
from workflows.datasets import flights


def inputs(flight: dict[str, Any]) -> dict[str, Any]:
    return {"distance": flight["distance"], "dep_delay": flight["dep_delay"]}


def plan(name: str, max_dead: str = "100%", dead_window: int = 10_000) -> Plan:
    flow = Workflow(name, max_dead=max_dead, dead_window=dead_window)
    source = flow.source("flights", KafkaTopic("flights", schema="flight", event_time="departed_at", lateness="10m"))
    rolling = RollingMean("dep_delay", by="origin", window="1h", on="departed_at", name="origin_delay")
    features = flow.pipeline("features", source, compose.FuncTransformer(inputs) + rolling)
    flow.sink("delays", features, FeatureStore("origin", features=("origin_delay",)))
    classifier = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    model = flow.pipeline("model", features, classifier, label="late")
    flow.sink("late", model, ModelStore(name, every="1h"))
    flow.sink("predictions", model, Topic("predictions"))
    return make_plan(flow, shipped_schema)


@pytest.fixture
def bench(request: pytest.FixtureRequest, server: RedisServer, tmp_path: Path) -> Bench:
    return Bench(plan(request.node.name[:40].lower()), server.url, tmp_path)


def test_each_record_gives_a_prediction_or_where_the_flight_was_cancelled_a_dead_letter(bench: Bench) -> None:
    given = records(500)
    predictions, dead = bench.process(given)
    assert sorted(said["offset"] for said in predictions + dead) == list(range(500))
    cancelled = {offset for offset, flight in zip(range(500), flights(), strict=False) if flight["cancelled"]}
    assert {letter["reason"] for letter in dead} == {"null_feature"}
    assert {letter["offset"] for letter in dead} == cancelled


def checked(name: str) -> Plan:
    flow = Workflow(name, max_dead="100%")
    source = flow.source("flights", KafkaTopic("flights", schema="flight", event_time="departed_at", lateness="10m"))
    rules = Rules(
        NotNull("dep_delay", otherwise=Repair(0.0)),
        InRange("dep_delay", -60, 45, otherwise=Flag("long_wait")),
        InRange("distance", high=2000),
    )
    features = flow.pipeline("features", source, rules | compose.Select("origin", "distance", "dep_delay", "long_wait"))
    flow.sink("delays", features, FeatureStore("origin", features=("dep_delay",)))
    classifier = compose.Discard("origin") | preprocessing.StandardScaler() | linear_model.LogisticRegression()
    model = flow.pipeline("model", features, Filter("origin != 'EWR'") | classifier, label="late")
    flow.sink("late", model, ModelStore(name, every="1h"))
    flow.sink("predictions", model, Topic("predictions"))
    return make_plan(flow, shipped_schema)


def test_each_record_is_predicted_dead_or_filtered_and_counted_as_such(server: RedisServer, tmp_path: Path) -> None:
    bench = Bench(checked("checked"), server.url, tmp_path)
    taken = [flight for _, flight in zip(range(500), flights(), strict=False)]
    delays = [0.0 if flight["cancelled"] else flight["dep_delay"] for flight in taken]
    far = {i for i, flight in enumerate(taken) if flight["distance"] > 2000}
    filtered = {i for i, flight in enumerate(taken) if flight["origin"] == "EWR"} - far
    predictions, dead = [], []
    for start in range(0, 500, 50):
        said, letters = bench.process(records(50, start))
        predictions += said
        dead += letters
    assert {letter["offset"] for letter in dead} == far
    assert {(letter["node"], letter["reason"]) for letter in dead} == {("features", "rule_broken")}
    assert {said["offset"] for said in predictions} == set(range(500)) - far - filtered
    assert metric(bench, "headrace_filtered_total", node="model") == len(filtered)
    assert metric(bench, "headrace_dead_letters_total", reason="rule_broken") == len(far)
    assert metric(bench, "headrace_records_total") == 500 == len(predictions) + len(dead) + len(filtered)
    counts = {
        ("dep_delay_not_null", "repair"): sum(flight["cancelled"] for i, flight in enumerate(taken) if i not in far),
        ("dep_delay_in_range", "flag"): sum(not -60 <= delay <= 45 for i, delay in enumerate(delays) if i not in far),
        ("distance_in_range", "dead_letter"): len(far),
    }
    assert min(counts.values()) > 0
    for (rule, action), count in counts.items():
        assert metric(bench, "headrace_rules_broken_total", node="features", rule=rule, action=action) == count


def test_what_compiled_twins_take_in_is_counted(server: RedisServer, tmp_path: Path) -> None:
    compiled = Bench(checked("by_twins"), server.url, tmp_path)
    by_river = Bench(plan("by_river"), server.url, tmp_path)  # its function says not what fields it gives
    for bench in (compiled, by_river):
        bench.process(records(50))
    assert metric(compiled, "headrace_compiled_records_total") == metric(compiled, "headrace_records_total") == 50
    assert metric(by_river, "headrace_compiled_records_total") == 0
    assert metric(by_river, "headrace_records_total") == 50


def test_the_features_of_a_record_that_a_later_node_drops_are_kept(server: RedisServer, tmp_path: Path) -> None:
    bench = Bench(checked("kept"), server.url, tmp_path)
    bench.process(records(500))
    newest = [flight for _, flight in zip(range(500), flights(), strict=False) if flight["origin"] == "EWR"][-1]
    with FeatureReader(bench.redis_url) as reader:
        [row] = reader.read("kept", [FeatureKey("origin", "EWR", "delays")])
    assert row is not None
    assert row.features == {"dep_delay": newest["dep_delay"]}


def test_what_the_jvm_refused_becomes_a_dead_letter_with_its_bytes(bench: Bench) -> None:
    good, late = records(2)
    refused = [
        Record(None, b"key", offset=7, status=Status.NULL_VALUE),
        Record(b"garbage", None, headers=b"h", offset=8, status=Status.NO_MAGIC),
        Record(late.value, None, event_time=late.event_time, offset=9, status=Status.LATE),
    ]
    predictions, dead = bench.process([good, *refused])
    assert [prediction["offset"] for prediction in predictions] == [0]
    assert [(letter["offset"], letter["reason"], letter["node"]) for letter in dead] == [
        (7, "null_value", "flights"),
        (8, "no_magic", "flights"),
        (9, "late", "flights"),
    ]
    assert [(letter["key"], letter["value"], letter["headers"]) for letter in dead] == [
        (b"key", None, None),
        (None, b"garbage", b"h"),
        (None, late.value, None),
    ]


def test_features_and_the_model_can_be_read(bench: Bench) -> None:
    bench.process(records(500))
    with FeatureReader(bench.redis_url) as reader:
        [row] = reader.read(bench.plan.workflow, [FeatureKey("origin", "JFK", "delays")])
    assert row is not None
    assert set(row.features) == {"origin_delay"}
    with ModelReader(bench.redis_url) as models:
        stored = models.fetch(bench.plan.workflow)
    assert stored is not None
    card, model = open_artifact(stored.artifact, signing_key(bench.key_file), AllowList())
    assert (card.version.epoch, card.version.count) == (1, stored.version.count)
    assert card.features == {"distance": "number", "dep_delay": "number", "origin_delay": "number"}
    assert [(ref.entity, ref.feature_set, ref.features) for ref in card.feature_sets] == [
        ("origin", "delays", ("origin_delay",))
    ]
    assert 0 <= model.predict_proba_one({"distance": 500.0, "dep_delay": 3.0, "origin_delay": 1.0})[True] <= 1


def with_bytes(flight: dict[str, Any]) -> dict[str, Any]:
    return {"distance": flight["distance"], "code": b"?" if flight["origin"] == "JFK" else "!"}


def test_features_that_cannot_be_stored_are_dead_letters_and_their_records_are_learned(
    server: RedisServer, tmp_path: Path
) -> None:
    flow = Workflow("unstored", max_dead="100%")
    source = flow.source("flights", KafkaTopic("flights", schema="flight", event_time="departed_at", lateness="10m"))
    features = flow.pipeline("features", source, compose.FuncTransformer(with_bytes))
    flow.sink("codes", features, FeatureStore("origin"))
    model = flow.pipeline(
        "model", features, compose.Select("distance") | linear_model.LogisticRegression(), label="late"
    )
    flow.sink("predictions", model, Topic("predictions"))
    bench = Bench(make_plan(flow, shipped_schema), server.url, tmp_path)
    given = list(zip(range(200), flights(), strict=False))
    newest = max((flight["departed_at"], offset) for offset, flight in given if flight["origin"] == "JFK")[1]
    predictions, dead = bench.process(records(200))
    assert [(letter["offset"], letter["node"], letter["reason"]) for letter in dead] == [(newest, "codes", "refused")]
    assert [prediction["offset"] for prediction in predictions] == list(range(200))
    with FeatureReader(bench.redis_url) as reader:
        rows = reader.read(
            bench.plan.workflow, [FeatureKey("origin", origin, "codes") for origin in ("EWR", "JFK", "LGA")]
        )
    assert [row and row.features["code"] for row in rows] == ["!", None, "!"]


def test_a_field_that_may_be_null_may_be_when_asked_if_the_model_learns_from_nulls(
    server: RedisServer, tmp_path: Path
) -> None:
    flow = Workflow("imputed")
    source = flow.source("flights", KafkaTopic("flights", schema="flight", event_time="departed_at", lateness="10m"))
    filled = compose.Select("distance", "dep_delay") | preprocessing.StatImputer(("dep_delay", stats.Mean()))
    model = flow.pipeline("model", source, filled | linear_model.LogisticRegression(), label="late")
    flow.sink("late", model, ModelStore("imputed"))
    bench = Bench(make_plan(flow, shipped_schema), server.url, tmp_path)
    bench.process(records(100))
    assert published(bench).features == {"distance": "number", "dep_delay": "number?"}


@pytest.mark.parametrize("batch", [None, 8])
def test_the_label_is_no_feature_of_the_model(server: RedisServer, tmp_path: Path, batch: int | None) -> None:
    flow = Workflow(f"signs_{batch}".lower())
    pages = flow.source("pages", KafkaTopic("pages"))
    model = flow.pipeline("model", pages, linear_model.LogisticRegression(), label="phishing", batch=batch)
    flow.sink("phishing", model, ModelStore(flow.name))
    bench = Bench(make_plan(flow, lambda _: IDS[SIGNS]), server.url, tmp_path)
    encoder = Encoder(IDS[SIGNS], SIGNS)
    signs = [encoder.encode({"age": i / 8, "long": i % 3 == 0, "phishing": i % 2 == 0}) for i in range(20)]
    bench.process([Record(value, offset=offset) for offset, value in enumerate(signs)])
    assert published(bench).features == {"age": "number", "long": "boolean"}


def test_a_worker_that_starts_again_goes_on_where_the_last_one_was(bench: Bench) -> None:
    undisturbed, _ = Bench(bench.plan, bench.redis_url, bench.key_file.parent).process(records(400))
    before, _ = bench.process(records(200))
    bench.restart()
    after, _ = bench.process(records(200, start=200))
    assert [p["probability"] for p in before + after] == [p["probability"] for p in undisturbed]
    assert {p["epoch"] for p in after} == {before[0]["epoch"] + 1}


def test_what_was_learned_last_is_published_after_a_restart_although_no_frame_comes(bench: Bench) -> None:
    bench.process(records(100))
    bench.process(records(100, start=100))
    early = published(bench)
    bench.restart()
    bench.worker.publish(0, last=True)
    late = published(bench)
    assert late.version.epoch == early.version.epoch + 1
    assert late.version.count > early.version.count
    assert late.features == early.features


def test_too_many_dead_letters_stop_the_job(server: RedisServer, tmp_path: Path) -> None:
    bench = Bench(plan("drowns", max_dead="1%"), server.url, tmp_path)
    bench.process(records(990))
    bad = [Record(b"garbage", offset=offset, status=Status.NO_MAGIC) for offset in range(10)]
    with pytest.raises(Fatal, match=r"are dead letters, more than max_dead 1\.00%"):
        bench.process(bad)


def test_a_job_that_did_well_for_long_stops_once_it_drowns(server: RedisServer, tmp_path: Path) -> None:
    bench = Bench(plan("drowns_late", max_dead="50%", dead_window=1_000), server.url, tmp_path)
    bench.process(records(3_000))
    bad = [Record(b"garbage", offset=offset, status=Status.NO_MAGIC) for offset in range(300)]
    bench.process(bad)
    bench.restart()
    with pytest.raises(Fatal, match=r"of the last 1\d\d\d records are dead letters, more than max_dead 50\.00%"):
        bench.process(bad)


def test_what_is_sent_again_and_fails_has_its_next_attempt_and_counts_once(server: RedisServer, tmp_path: Path) -> None:
    bench = Bench(plan("again", max_dead="2%"), server.url, tmp_path)
    bench.process(records(2_000))
    again = [
        Record(b"garbage", arrival=99, offset=offset, status=Status.NO_MAGIC, redriven=1 + offset % 2)
        for offset in range(1_000)
    ]
    _, dead = bench.process(again)
    assert [(letter["attempt"], letter["arrival"]) for letter in dead] == [(2, 99), (3, 99)] * 500
    bad = [Record(b"garbage", offset=offset, status=Status.NO_MAGIC) for offset in range(50)]
    late = [Record(b"garbage", offset=offset, status=Status.LATE, redriven=1) for offset in range(50, 200)]
    with pytest.raises(Fatal, match=r"of the last 2050 records .* in the last frame no_magic 50;"):
        bench.process(bad + late)


def test_a_hundred_failures_and_nothing_else_stop_the_job(bench: Bench) -> None:
    bad = [Record(b"garbage", offset=offset, status=Status.NO_MAGIC) for offset in range(98)]
    late = [Record(b"garbage", offset=offset, status=Status.LATE) for offset in (98, 99)]
    commonest = "the first 100 records all failed, in the last frame no_magic 98, late 2; the last no_magic one at"
    with pytest.raises(Fatal, match=commonest):
        bench.process(bad + late)


def test_a_run_that_was_replaced_stops(bench: Bench) -> None:
    bench.process(records(100))
    successor = Bench(bench.plan, bench.redis_url, bench.key_file.parent)
    successor.process(records(100))
    bench.process(records(50, start=100))
    with pytest.raises(Fatal, match="a version greater than"):
        bench.worker.publish(0, last=True)
