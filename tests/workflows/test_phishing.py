from __future__ import annotations

from river import linear_model, preprocessing

from engine.planner import make_plan, shipped_schema
from schemas.avro import load_schema
from schemas.codec import Decoder, Encoder
from tests.workflows.running import run
from workflows.datasets import phishing
from workflows.phishing import flow

PLAN = make_plan(flow, shipped_schema)


def test_every_prediction_is_that_of_a_plain_river_loop() -> None:
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    plain = []
    for page in phishing():
        x = {name: value for name, value in page.items() if name not in ("is_phishing", "seen_at")}
        plain.append(model.predict_proba_one(x))
        model.learn_one(x, page["is_phishing"])
    assert run(PLAN, list(phishing()), frame_sizes=(100, 1)).probabilities == plain


def test_the_model_beats_saying_that_nothing_changes() -> None:
    metrics = run(PLAN, list(phishing())).shard.metrics
    assert metrics is not None
    assert metrics.as_dict()["accuracy"] > 0.85 > metrics.as_dict()["no_change_accuracy"]


def test_the_records_are_those_of_the_schema_and_in_order() -> None:
    schema = load_schema("phishing")
    pages = list(phishing())
    encoder, decoder = Encoder(schema, 1), Decoder(schema, {1: schema}.__getitem__)
    assert [decoder.decode(encoder.encode(page)) for page in pages] == pages
    assert len(pages) == 1_250
    assert pages == sorted(pages, key=lambda page: page["seen_at"])
