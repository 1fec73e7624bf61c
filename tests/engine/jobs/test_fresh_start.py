"""After a fresh start the new model is served and the new features are read, and nothing of the old ones shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.local.platform import Platform
from engine.workflow import Workflow
from models import RollingMean
from schemas.version import Version
from sinks import FeatureKey, FeatureReader, FeatureRow, FeatureStore, ModelStore
from tests.engine.jobs.readings import STATIONS, Feed, feed, readings
from tests.engine.jobs.trial import EACH_SECOND, Trial, begin, classifier, fresh_name

pytestmark = pytest.mark.services
COUNT = 1_000


def _workflow(name: str, stream: Feed) -> Workflow:
    flow = Workflow(name, order="event_time")
    source = flow.source("readings", stream.source())
    rolling = RollingMean("warmth", by="station", window="1m", on="at", name="warmth")
    features = flow.pipeline(
        "features", source, rolling + RollingMean("wind", by="station", window="1m", on="at", name="wind")
    )
    flow.sink("weather", features, FeatureStore("station"))
    flow.sink("store", flow.pipeline("model", features, classifier(), label="rain"), ModelStore(name, every="250ms"))
    return flow


def test_a_fresh_start_leaves_nothing_of_the_old_run(platform: Platform) -> None:
    name = fresh_name()
    with feed(platform) as before, feed(platform) as after:
        before.write(COUNT)
        for position, reading in enumerate(readings(COUNT, COUNT)):
            after.put(after.encoder.encode({**reading, "station": "zug"}), position % 4)
        after.writer.flush()
        old = _run(platform, _workflow(name, before))
        *seen, zug = _rows(platform, name)
        assert all(seen)
        assert zug is None
        new = _run(platform, _workflow(name, after), fresh=True)
    assert new.started.restored_from is None
    assert new.started.generation > old.started.generation
    *gone, zug = _rows(platform, name)
    assert gone == [None] * len(STATIONS)
    assert zug is not None
    [(card, _)] = new.models()
    labelled = sum(reading["rain"] is not None for reading in readings(COUNT, COUNT))
    assert card.version == Version(2, labelled)


def _run(platform: Platform, flow: Workflow, *, fresh: bool = False) -> Trial:
    trial = begin(platform, flow, replace(EACH_SECOND, bounded=True), fresh=fresh)
    trial.wait_until_ended()
    return trial


def _rows(platform: Platform, name: str) -> list[FeatureRow | None]:
    """The rows of the stations, then that of the one that only the second run sees."""
    with FeatureReader(platform.addresses.redis) as reader:
        return reader.read(name, [FeatureKey("station", station, "weather") for station in (*STATIONS, "zug")])
