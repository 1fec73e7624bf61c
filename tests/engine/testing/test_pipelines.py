"""Pipelines are tested in the process of the test, without a JVM."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from river import anomaly, cluster, compose, linear_model, naive_bayes, preprocessing

from engine.testing import Table, at, corrupt, crash, duplicate, idle, run_pipeline, table
from engine.testing.tables import Mark
from engine.workflow import Workflow
from models import RollingMean
from models.stage import Stage
from schemas.errors import Fatal
from sources import KafkaTopic
from tests.engine.testing.airport import FLIGHT

WITHOUT_A_JVM = """
import sys
from engine.testing import run_pipeline, table
from tests.engine.testing.test_pipelines import windy

records = table("observed_at wind_speed origin temp", ("08:00", 1.0, "EWR", 2.0))
print(run_pipeline(windy(), "model", weather=records)["model"])
print([name for name in sys.modules if name.startswith(("pyflink", "py4j"))])
"""


def windy() -> Workflow:
    flow = Workflow("windy")
    source = flow.source("weather", KafkaTopic("weather", schema="weather", event_time="observed_at"))
    mean = RollingMean("wind_speed", by="origin", window="1h", on="observed_at")
    wind = flow.pipeline("wind", source, mean + compose.Select("wind_speed"))
    learner = preprocessing.StandardScaler() | linear_model.LinearRegression()
    flow.pipeline("model", wind, learner, label="temp")
    return flow


def hours(*lines: tuple[str, float | None, float] | Mark) -> Table:
    return table("observed_at wind_speed temp", *lines, constants={"origin": "EWR"})


LEARNED = (("08:00", 10.0, 50.0), ("08:30", 20.0, 52.0), ("09:20", 30.0, 40.0))


def test_features_and_predictions_come_by_the_names_of_the_pipelines() -> None:
    outcome = run_pipeline(windy(), "model", weather=hours(*LEARNED))
    assert outcome["wind"].of("origin_wind_speed_mean_1h wind_speed") == [(10.0, 10.0), (15.0, 20.0), (25.0, 30.0)]
    assert outcome["model"].of("count") == [0, 1, 2]
    assert outcome["model"].of("prediction")[0] == 0.0
    assert outcome.models["model"]["StandardScaler"].counts["wind_speed"] == 3


@pytest.mark.parametrize("model", [anomaly.HalfSpaceTrees(2, 3, 2, seed=7), cluster.KMeans(2, seed=7)])
def test_what_learns_without_a_label_predicts_first_and_learns_every_record(model: Any) -> None:
    flow = Workflow("windy")
    source = flow.source("weather", KafkaTopic("weather", schema="weather", event_time="observed_at"))
    scaled = compose.Select("wind_speed") | preprocessing.MinMaxScaler() | model
    flow.pipeline("scores", source, scaled)
    outcome = run_pipeline(flow, "scores", weather=hours(*LEARNED, crash, ("10:00", None, 1.0), ("10:20", 90.0, 1.0)))
    said, river = [], Stage("scores", scaled).fresh()
    for wind_speed in (10.0, 20.0, 30.0, 90.0):
        x = {"wind_speed": wind_speed}
        said.append(river.score_one(x) if isinstance(model, anomaly.HalfSpaceTrees) else river.predict_one(x))
        river.learn_one(x)
    assert outcome["scores"] == [{"prediction": each, "count": count} for count, each in enumerate(said)]
    assert outcome.dead.of("reason") == ["null_feature"]


def test_after_a_crash_the_models_go_on_to_the_last_bit() -> None:
    whole = run_pipeline(windy(), "model", weather=hours(*LEARNED))
    broken = run_pipeline(windy(), "model", weather=hours(LEARNED[0], crash, LEARNED[1], crash, LEARNED[2]))
    assert broken["model"] == whole["model"]
    assert broken["wind"] == whole["wind"]
    assert broken.restarts == 2


def test_what_is_refused_is_dead_and_what_is_double_is_learned_twice() -> None:
    outcome = run_pipeline(windy(), "model", weather=hours(LEARNED[0], duplicate, ("08:10", None, 1.0), LEARNED[1]))
    assert outcome.dead.of("node reason") == [("model", "null_feature")]
    assert outcome.dead[0]["record"]["observed_at"] == at("08:10")
    assert outcome["model"].of("count") == [0, 1, 2]


@pytest.mark.parametrize(
    ("label", "classifier", "field", "said"),
    [
        ("cancelled", linear_model.LogisticRegression(), "probability", 0.5),
        ("carrier", naive_bayes.GaussianNB(), "probabilities", {"UA": 1.0}),
    ],
)
def test_classes_have_probabilities_as_in_a_topic(label: str, classifier: Any, field: str, said: Any) -> None:
    flow = Workflow("flights")
    source = flow.source("flights", KafkaTopic("flights", schema="departure", event_time="departed_at"))
    flow.pipeline("model", source, compose.Select("distance") | classifier, label=label)
    flights = table("departed_at flight_id", ("08:00", "UA1"), ("08:01", "UA2"), constants={**FLIGHT, "origin": "EWR"})
    assert said in run_pipeline(flow, "model", flights=flights)["model"].of(field)


def test_a_table_of_another_stream_is_refused() -> None:
    with pytest.raises(Fatal, match='pipeline "model": expected a table of "weather", found none'):
        run_pipeline(windy(), "model")
    with pytest.raises(Fatal, match='node "weather": is no pipeline'):
        run_pipeline(windy(), "weather", weather=hours())


@pytest.mark.parametrize("mark", [idle, corrupt])
def test_marks_of_streams_are_refused(mark: Mark) -> None:
    with pytest.raises(Fatal, match=f'table "weather": has the mark "{mark.value}"'):
        run_pipeline(windy(), "model", weather=hours(LEARNED[0], mark))


def test_no_jvm_starts_and_pyflink_is_not_even_imported() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_A_JVM], check=True, capture_output=True, text=True)
    predictions, imported = done.stdout.splitlines()
    assert predictions == "[{'prediction': 0.0, 'count': 0}]"
    assert imported == "[]"
