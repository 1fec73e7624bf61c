from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from engine.plan import Plan
from engine.planner import make_plan, shipped_schema
from models.allowlist import AllowList
from models.artifact import ModelCard, open_artifact, seal
from schemas.version import Version
from sinks import FeatureStore
from tests.workflows import plain_delays
from tests.workflows.plain_delays import plain_features, plain_predictions
from tests.workflows.running import run
from workflows.delays import flow

KEY = b"k" * 32


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(flow, shipped_schema)


def without(flight: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {**flight, **dict.fromkeys(fields)}


def test_it_plans_one_global_shard_in_event_time_order(plan: Plan) -> None:
    assert (plan.order, plan.parts[0].shards, plan.parts[0].shard_key) == ("event_time", 1, None)
    assert plan.topics == ("delays.dead", "delay_predictions")
    assert [sink.sink.name for sink in plan.sinks.models] == ["delays"]  # type: ignore[union-attr]


@pytest.mark.parametrize("frame_sizes", [(500,), (1, 7, 1_000)], ids=str)
def test_every_prediction_is_that_of_a_plain_river_loop(
    plan: Plan, first_flights: list[dict[str, Any]], frame_sizes: tuple[int, ...]
) -> None:
    assert run(plan, first_flights, frame_sizes).probabilities == list(plain_predictions(first_flights))


def test_every_prediction_is_that_of_a_plain_river_loop_after_a_crash(
    plan: Plan, first_flights: list[dict[str, Any]]
) -> None:
    assert run(plan, first_flights, crash_after=20).probabilities == list(plain_predictions(first_flights))


def test_the_plain_loop_imports_nothing_of_ours() -> None:
    ours = {"engine", "models", "schemas", "sinks", "sources", "workflows", "tests"}
    nodes = list(ast.walk(ast.parse(Path(plain_delays.__file__).read_text(encoding="utf-8"))))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert "river" in imported
    assert ours.isdisjoint(name.partition(".")[0] for name in imported)


def test_the_model_beats_saying_that_nothing_changes(plan: Plan, first_flights: list[dict[str, Any]]) -> None:
    metrics = run(plan, first_flights).shard.metrics
    assert metrics is not None
    figures = metrics.as_dict()
    assert figures["accuracy"] > 0.9 > figures["no_change_accuracy"]
    assert figures["roc_auc"] > 0.9


def test_nothing_is_rejected_and_what_has_an_outcome_is_learned(
    plan: Plan, first_flights: list[dict[str, Any]]
) -> None:
    ended = run(plan, first_flights)
    assert ended.outcome.rejected == {}
    assert all(ended.outcome.predictions)
    assert ended.shard.learned == sum(flight["late"] is not None for flight in first_flights) < len(first_flights)


def test_features_do_not_depend_on_what_is_known_after_take_off(
    plan: Plan, first_flights: list[dict[str, Any]]
) -> None:
    flights = first_flights[:5_000]
    blind = [without(flight, "arr_delay", "late") for flight in flights]
    features = run(plan, blind).outcome.features["features"]
    assert features == list(plain_features(flights)) == run(plan, flights).outcome.features["features"]


def test_the_feature_stores_keep_each_entity_its_own_rolling_delay(
    plan: Plan, first_flights: list[dict[str, Any]]
) -> None:
    [row] = run(plan, first_flights[:1]).outcome.features["features"]
    assert row is not None
    kept = {}
    for sink in plan.sinks.features:
        assert isinstance(sink.sink, FeatureStore)
        assert sink.sink.features is not None
        kept[sink.sink.entity] = sink.sink.features
    assert kept == {
        "origin": ("origin_delay_1h",),
        "carrier": ("carrier_delay_2h",),
        "tailnum": ("tailnum_delay_1d",),
    }
    assert {name for names in kept.values() for name in names} < row.keys()


def test_the_scoring_api_may_load_the_model(plan: Plan, first_flights: list[dict[str, Any]]) -> None:
    learned = run(plan, first_flights[:500])
    card = ModelCard("delays", "delays", Version(1, learned.shard.learned), 0, features={}, label="late")
    _, model = open_artifact(seal(card, learned.shard.model, KEY), KEY, AllowList())
    x = next(plain_features(first_flights[500:]))
    assert model.predict_proba_one(x) == learned.shard.model.predict_proba_one(x)
