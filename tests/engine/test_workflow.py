from __future__ import annotations

from collections.abc import Callable

import pytest
from river import linear_model, preprocessing

from engine.workflow import Workflow
from models import RollingMean
from schemas.errors import Fatal
from sinks import FeatureStore, ModelStore, Topic
from sources import KafkaTopic

PAGES = KafkaTopic("pages", schema="phishing", event_time="seen_at")


def learner() -> linear_model.LogisticRegression:
    return linear_model.LogisticRegression()


def chained() -> Workflow:
    flow = Workflow("chained")
    scaled = flow.pipeline("scaled", flow.source("pages", PAGES), preprocessing.StandardScaler())
    flow.pipeline("model", scaled, learner(), label="is_phishing")
    return flow


def taken_name(flow: Workflow) -> None:
    flow.source("pages", PAGES)
    flow.source("pages", PAGES)


def after_the_estimator(flow: Workflow) -> None:
    model = flow.pipeline("model", flow.source("pages", PAGES), learner(), label="is_phishing")
    flow.pipeline("more", model, preprocessing.StandardScaler())


def two_estimators(flow: Workflow) -> None:
    pages = flow.source("pages", PAGES)
    flow.pipeline("one", pages, learner(), label="is_phishing")
    flow.pipeline("two", pages, learner(), label="is_phishing")


def features_of_an_estimator(flow: Workflow) -> None:
    model = flow.pipeline("model", flow.source("pages", PAGES), learner(), label="is_phishing")
    flow.sink("features", model, FeatureStore("origin"))


def model_of_a_transformer(flow: Workflow) -> None:
    scaled = flow.pipeline("scaled", flow.source("pages", PAGES), preprocessing.StandardScaler())
    flow.sink("store", scaled, ModelStore("scaled"))


def predictions_of_another_schema(flow: Workflow) -> None:
    model = flow.pipeline("model", flow.source("pages", PAGES), learner(), label="is_phishing")
    flow.sink("predictions", model, Topic("predictions", schema="phishing"))


def another_workflows_node(flow: Workflow) -> None:
    other = Workflow("other").source("pages", PAGES)
    flow.pipeline("model", other, learner(), label="is_phishing")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (taken_name, 'node "pages": this name is taken'),
        (after_the_estimator, 'pipeline "more": reads from "model", which has an estimator'),
        (two_estimators, 'pipeline "two": ends in an estimator, and so does "one"'),
        (features_of_an_estimator, 'sink "features": "model" ends in an estimator'),
        (model_of_a_transformer, 'sink "store": "scaled" has no estimator'),
        (predictions_of_another_schema, 'sink "predictions": the predictions of "model" have a schema of their own'),
        (another_workflows_node, 'node "model": "pages" belongs to another workflow'),
        (lambda flow: flow.source("Pages", PAGES), 'node "Pages": not a name'),
        (lambda flow: flow.source("pages", "pages"), 'source "pages": str is not a source'),
        (
            lambda flow: flow.sink("m", flow.source("pages", PAGES), ModelStore("m")),
            'sink "m": "pages" has no estimator',
        ),
    ],
)
def test_mistakes_name_the_node(build: Callable[[Workflow], object], message: str) -> None:
    with pytest.raises(Fatal, match=message):
        build(Workflow("demo"))


@pytest.mark.parametrize(
    "options", [{"order": "random"}, {"max_dead": "1"}, {"max_dead": "200%"}, {"max_dead": 0.2}, {"shards": 0}]
)
def test_options_out_of_range_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(Fatal, match='workflow "demo"'):
        Workflow("demo", **options)  # type: ignore[arg-type]


def test_nodes_come_after_what_they_read_from() -> None:
    names = [node.name for node in chained().nodes]
    assert names == ["pages", "scaled", "model"]


def test_a_rolling_mean_is_a_pipeline_of_its_own() -> None:
    flow = Workflow("rolling")
    flights = flow.source("flights", KafkaTopic("flights", schema="flight", event_time="departed_at"))
    mean = RollingMean("dep_delay", by="origin", window="1h", on="departed_at")
    flow.sink("delays", flow.pipeline("rolling", flights, mean), FeatureStore("origin"))
    assert [node.name for node in flow.nodes] == ["flights", "rolling", "delays"]
