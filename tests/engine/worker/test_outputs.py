from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from river import anomaly, cluster, linear_model, naive_bayes

from engine.plan import DEAD_LETTERS, Plan
from engine.planner import make_plan
from engine.worker.encoding import ResultEncoding
from engine.worker.outputs import Outputs, fatal_frame
from engine.workflow import Workflow
from models.outcome import Outcome, Rejection
from models.predictions import Prediction, Predictions
from schemas.codec import Decoder
from schemas.errors import BadRecord
from schemas.frames import FATAL, OutputFrame, OutputRecord, Record, pack, unpack_output
from schemas.wire import dead_letter_schema, prediction_schema
from sinks import Topic
from sources import KafkaTopic

IDS = (5, 6, 7)
FRAME = pack(
    [
        Record(b"a", key=b"one", event_time=1_357_034_100_000, partition=0, offset=7),
        Record(b"b", key=b"bad", event_time=1_357_034_100_001, partition=3, offset=1 << 40),
        Record(b"c", key=None, event_time=-5, partition=1, offset=8),
        Record(b"d", key=b"", event_time=1_357_034_100_002, partition=1, offset=9),
    ]
)
SAID: dict[str, tuple[Any, Any, list[Prediction]]] = {
    "boolean": (
        linear_model.LogisticRegression(),
        "probability",
        [Prediction(True, {True: 0.75, False: 0.25}, None, 0), Prediction(False, None, True, 1)],
    ),
    "double": (linear_model.LinearRegression(), None, [Prediction(1.5, None, 2.0, 0), Prediction(-0.0, None, 1.0, 1)]),
    "string": (
        naive_bayes.GaussianNB(),
        "probabilities",
        [Prediction("UA", {"UA": 0.75, "AA": 0.25}, None, 0), Prediction(None, {}, "UA", 128)],
    ),
}


def plan_of(label_type: str | None, estimator: Any) -> Plan:
    fields = [{"name": "a", "type": "double"}, {"name": "y", "type": ["null", label_type or "string"]}]
    schema = {"type": "record", "name": "r", "fields": fields}
    flow = Workflow("demo")
    label = None if label_type is None else "y"
    model = flow.pipeline("model", flow.source("in", KafkaTopic("in")), estimator, label=label)
    flow.sink("first", model, Topic("first"))
    flow.sink("second", model, Topic("second"))
    return make_plan(flow, lambda _: schema)


def outputs_of(plan: Plan, outcome: Outcome) -> OutputFrame:
    ids = IDS[: len(plan.topics)]
    [part] = plan.parts
    results = ResultEncoding(plan, part, ids, {}).encode(FRAME, outcome, epoch=3)
    return Outputs(plan, part, ids[DEAD_LETTERS]).frame(FRAME, results, outcome.rejected.items(), now_ms=99)


@pytest.mark.parametrize("label_type", SAID)
def test_every_record_gives_a_prediction_to_each_topic_or_a_dead_letter(label_type: str) -> None:
    estimator, field, (first, second) = SAID[label_type]
    outcome = Outcome({}, [first, None, second, first])
    outcome.reject(1, Rejection("model", BadRecord("not_finite", "a is nan")))
    outputs = outputs_of(plan_of(label_type, estimator), outcome)
    records = unpack_output(outputs.encode())

    schema = prediction_schema(label_type)
    decoder = Decoder(schema, {6: schema, 7: schema}.__getitem__)
    for topic in (1, 2):
        written = [record for record in records if record.destination == topic]
        assert [(r.key, r.timestamp) for r in written] == [(b"one", 99), (None, 99), (b"", 99)]
        decoded = [decoder.decode(record.value) for record in written]
        assert [(d["partition"], d["offset"], d["epoch"]) for d in decoded] == [(0, 7, 3), (1, 8, 3), (1, 9, 3)]
        assert [(d["prediction"], d["count"]) for d in decoded] == [(p[0], p[3]) for p in (first, second, first)]
        if field == "probability":
            assert [d[field] for d in decoded] == [0.75, None, 0.75]
        if field == "probabilities":
            assert [d[field] for d in decoded] == [first[1], {}, first[1]]

    [letter] = [record for record in records if record.destination == DEAD_LETTERS]
    dead = Decoder(dead_letter_schema(), {5: dead_letter_schema()}.__getitem__).decode(letter.value)
    assert (dead["offset"], dead["key"], dead["value"], dead["reason"]) == (1 << 40, b"bad", b"b", "not_finite")
    assert (letter.key, letter.timestamp) == (b"bad", 99)


@pytest.mark.parametrize(
    ("estimator", "written_as", "said"),
    [
        (anomaly.HalfSpaceTrees(), "double", [0, 0.75, 0.5]),
        (cluster.KMeans(), "long", [0, 4, 1]),
        (cluster.KMeans(), "long", np.array([0, 4, 1])),
    ],
)
def test_scores_and_clusters_have_no_probabilities(estimator: Any, written_as: str, said: Any) -> None:
    outcome = Outcome({}, [Prediction(each, None, None, 7) for each in said] + [None])
    if isinstance(said, np.ndarray):
        places = np.arange(3, dtype=np.intp)
        outcome.predictions = Predictions(4, places, np.full(3, 7), np.zeros(3, np.bool_), [], said)
    records = unpack_output(outputs_of(plan_of(None, estimator), outcome).encode())
    schema = prediction_schema(written_as, classifies=False)
    decoder = Decoder(schema, {6: schema}.__getitem__)
    written = [decoder.decode(record.value) for record in records if record.destination == 1]
    assert [(each["prediction"], each["count"]) for each in written] == [(each, 7) for each in list(said)]
    assert not {"probability", "probabilities"} & written[0].keys()


@pytest.mark.parametrize(("label_type", "classes"), [("string", ("UA", "AA", "DL")), ("long", (3, 1, 1 << 40))])
@pytest.mark.parametrize("order", [None, np.array([[2, 0, -1], [0, 1, 2], [-1, -1, -1]], np.int32)])
def test_classes_in_columns_are_written_as_one_by_one(label_type: str, classes: tuple[Any, ...], order: Any) -> None:
    probabilities = np.array([[0.25, 0.75, 0.0], [0.5, 0.25, 0.25], [0.0, 0.0, 0.0]])
    places, counts = np.array([0, 1, 3]), np.array([0, 7, 300])
    chosen = None if order is None else np.array([0, 0, -1], np.int32)
    said = Predictions(
        4, places, counts, np.zeros(3, np.bool_), [], None, classes, probabilities, order=order, chosen=chosen
    )
    plan = plan_of(label_type, naive_bayes.GaussianNB())
    in_columns, one_by_one = Outcome({}, []), Outcome({}, list(said))
    in_columns.predictions = said
    assert outputs_of(plan, in_columns).encode() == outputs_of(plan, one_by_one).encode()


def test_without_topics_and_rejections_there_is_nothing_to_write() -> None:
    flow = Workflow("demo")
    flow.pipeline("model", flow.source("in", KafkaTopic("in")), linear_model.LogisticRegression(), label="y")
    schema = {"type": "record", "name": "r", "fields": [{"name": "y", "type": "boolean"}]}
    outcome = Outcome({}, [Prediction(True, None, True, 0)] * 4)
    assert len(outputs_of(make_plan(flow, lambda _: schema), outcome)) == 0


def test_a_reason_to_stop_travels_as_a_record() -> None:
    assert unpack_output(fatal_frame("why").encode()) == [OutputRecord(FATAL, b"why")]


def test_an_error_that_is_no_text_is_told_all_the_same() -> None:
    outcome = Outcome({}, [None] * 4)
    outcome.reject(1, Rejection("model", BadRecord("transform_failed", "no file \udcff")))
    [letter] = unpack_output(outputs_of(plan_of("boolean", linear_model.LogisticRegression()), outcome).encode())
    dead = Decoder(dead_letter_schema(), {5: dead_letter_schema()}.__getitem__).decode(letter.value)
    assert dead["error"] == "no file \\udcff"
    assert unpack_output(fatal_frame("no file \udcff").encode()) == [OutputRecord(FATAL, b"no file \\udcff")]
