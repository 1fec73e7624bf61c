"""Will this flight arrive late? All from one topic, with rolling means in Python; flights.py joins four."""

from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from river import compose, linear_model, optim, preprocessing

from engine import Workflow
from models import RollingMean
from sinks import FeatureStore, ModelStore, Topic
from sources import KafkaTopic

NEW_YORK = ZoneInfo("America/New_York")


class Situation(TypedDict):
    hour: int
    weekday: int
    distance: float
    dep_delay: float


def situation(flight: dict[str, Any]) -> Situation:
    """What is known as the flight leaves; one that was cancelled has no delay."""
    local = flight["scheduled_at"].astimezone(NEW_YORK)
    delay = 0.0 if flight["cancelled"] else flight["dep_delay"]
    return {"hour": local.hour, "weekday": local.weekday(), "distance": flight["distance"], "dep_delay": delay}


flow = Workflow("delays", order="event_time")
flights = flow.source("flights", KafkaTopic("flights", schema="flight", event_time="departed_at", lateness="10m"))

features = flow.pipeline(
    "features",
    flights,
    compose.FuncTransformer(situation)
    + RollingMean("dep_delay", by="origin", window="1h", on="departed_at", name="origin_delay_1h")
    + RollingMean("dep_delay", by="carrier", window="2h", on="departed_at", name="carrier_delay_2h")
    + RollingMean("dep_delay", by="tailnum", window="1d", on="departed_at", name="tailnum_delay_1d"),
)
flow.sink("origin_delays", features, FeatureStore("origin", ttl="2d", features=("origin_delay_1h",)))
flow.sink("carrier_delays", features, FeatureStore("carrier", ttl="2d", features=("carrier_delay_2h",)))
flow.sink("tailnum_delays", features, FeatureStore("tailnum", ttl="2d", features=("tailnum_delay_1d",)))

classifier = preprocessing.StandardScaler() | linear_model.LogisticRegression(optim.SGD(0.05))
model = flow.pipeline("model", features, classifier, label="late")
flow.sink("delays", model, ModelStore("delays", every="1s"))
flow.sink("predictions", model, Topic("delay_predictions"))
