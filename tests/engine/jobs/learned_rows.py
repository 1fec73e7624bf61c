"""Rows that connectors make, as a pipeline sees them: in their order, with what stands for their offsets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from river import compose, linear_model, preprocessing

from engine.flink.gateway import jvm
from engine.plan import NO_PARTITION
from engine.workflow import Connection, Pipeline, Workflow
from schemas.codec import Encoder
from schemas.registry import Registry
from sinks import Topic
from tests.engine.jobs.trial import Trial

Row = dict[str, Any]


def learn(flow: Workflow, stream: Connection | Pipeline, features: Sequence[str]) -> Pipeline:
    """Add a model of rain, and a topic for what it predicts."""
    model = compose.Select(*features) | preprocessing.StandardScaler() | linear_model.LogisticRegression()
    learner = flow.pipeline("model", stream, model, label="rain")
    flow.sink("predictions", learner, Topic(f"{flow.name}.predictions"))
    return learner


def are_learned(trial: Trial, connector: str, rows: list[Row], features: Sequence[str], event_time: str = "at") -> None:
    """Check that there is a prediction for each of the rows and for no other, and that it is that of a plain loop.

    A row's stand-in for an offset is a hash of all its bytes: so the rows are equal in every field, too.
    """
    ordered = in_order(trial, connector, rows, event_time)
    predictions = trial.predictions()
    assert [row for offset, row in ordered if (NO_PARTITION, offset) not in predictions] == []
    assert len(predictions) == len(ordered)
    found = [predictions[NO_PARTITION, offset] for offset, _ in ordered]
    assert [(p["prediction"], p["probability"]) for p in found] == _plain((row for _, row in ordered), features)


def are_predicted(trial: Trial, connector: str, rows: list[Row]) -> None:
    """Check that there is a prediction for each of the rows and for no other, whatever their order."""
    expected = {(NO_PARTITION, offset): row for offset, row in in_order(trial, connector, rows, "at")}
    predicted = trial.predictions().keys()
    assert [row for place, row in expected.items() if place not in predicted] == []
    assert predicted == expected.keys()


def in_order(trial: Trial, connector: str, rows: list[Row], event_time: str) -> list[tuple[int, Row]]:
    """The rows in the order in which they are learned, each with what stands for its offset."""
    with Registry(trial.platform.addresses.registry) as registry:
        made = registry.latest(f"{trial.name}.{connector}")
    encoder = Encoder(made.schema, made.id)
    guava = jvm().org.apache.flink.shaded.guava33.com.google.common.hash.Hashing
    fingerprint = guava.farmHashFingerprint64()
    hashed = [(fingerprint.hashBytes(encoder.encode(row)).asLong() & (1 << 63) - 1, row) for row in rows]
    ordered = sorted(hashed, key=lambda pair: (pair[1][event_time], pair[0]))
    equal: Counter[tuple[int, int]] = Counter()  # rows that are equal in everything count their stand-in up
    numbered = []
    for offset, row in ordered:
        numbered.append((offset + equal[row[event_time], offset], row))
        equal[row[event_time], offset] += 1
    return numbered


def _plain(rows: Iterable[Row], features: Sequence[str]) -> list[tuple[bool | None, float | None]]:
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    said: list[tuple[bool | None, float | None]] = []
    for row in rows:
        x = {name: row[name] for name in sorted(features)}
        said.append((model.predict_one(x), model.predict_proba_one(x).get(True)))
        if row["rain"] is not None:
            model.learn_one(x, row["rain"])
    return said
