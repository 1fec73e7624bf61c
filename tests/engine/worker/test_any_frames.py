"""However records in order are cut into frames, and wherever a worker dies, they give the same, bit for bit."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from river import compose, linear_model, preprocessing

from engine.plan import Plan
from engine.planner import make_plan
from engine.workflow import Workflow
from models import RollingMean
from sources import KafkaTopic
from tests.engine.jobs.bits import bits
from tests.engine.jobs.readings import SCHEMA, Reading, apart, readings
from tests.workflows.running import run


def plan() -> Plan:
    flow = Workflow("demo", order="event_time")
    source = flow.source("readings", KafkaTopic("readings", event_time="at"))
    rolling = RollingMean("wind", by="station", window="1s", on="at", name="wind_1s")
    features = flow.pipeline("features", source, compose.Select("warmth", "wind") + rolling)
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    flow.pipeline("model", features, model, label="rain")
    return make_plan(flow, lambda _: SCHEMA)


def decoded(record: Reading) -> Reading:
    return {**record, "at": datetime.fromtimestamp(record["at"] / 1000, UTC)}


RECORDS = [decoded(record) for record in apart(readings(200))]
WHOLE = run(plan(), RECORDS, (len(RECORDS),))


@settings(max_examples=50)
@given(sizes=st.lists(st.integers(1, 60), min_size=1, max_size=6), crash_after=st.integers(-1, 30))
def test_frames_and_crashes_change_nothing(sizes: list[int], crash_after: int) -> None:
    cut = run(plan(), RECORDS, sizes, crash_after)
    assert cut.outcome.predictions == WHOLE.outcome.predictions
    assert bits(cut.shard.model) == bits(WHOLE.shard.model)
