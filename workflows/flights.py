"""Will this flight arrive more than 15 minutes late? Learns from each landing as it happens."""

from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from river import compose, linear_model, optim, preprocessing

from engine import AsOfJoin, LabelJoin, Lookup, Over, Sql, Workflow
from sinks import FeatureStore, ModelStore, Topic
from sources import KafkaTopic

NEW_YORK = ZoneInfo("America/New_York")
COMMON_YEAR = 2001  # in which the typical aircraft was built


class Situation(TypedDict):
    hour: int
    weekday: int
    distance: float
    dep_delay: float
    origin_delay_1h: float
    carrier_delay_2h: float
    departures_1h: int
    wind_speed: float
    precip: float
    age: int


def situation(flight: dict[str, Any]) -> Situation:
    """What is known as the flight leaves. Some hours have no weather, some aircraft are in no register."""
    local = flight["scheduled_at"].astimezone(NEW_YORK)
    return {
        "hour": local.hour,
        "weekday": local.weekday(),
        "distance": flight["distance"],
        "dep_delay": flight["dep_delay"] or 0.0,
        "origin_delay_1h": flight["origin_delay_1h"] or 0.0,
        "carrier_delay_2h": flight["carrier_delay_2h"] or 0.0,
        "departures_1h": flight["departures_1h"],
        "wind_speed": flight["wind_speed"] or 0.0,
        "precip": flight["precip"] or 0.0,
        "age": local.year - (flight["built_in"] or COMMON_YEAR),
    }


flow = Workflow("flights", order="event_time")
departures = flow.source(
    "departures", KafkaTopic("departures", schema="departure", event_time="departed_at", lateness="10m")
)
landings = flow.source("landings", KafkaTopic("landings", schema="landing", event_time="landed_at", lateness="10m"))
planes = flow.source("planes", KafkaTopic("planes", schema="plane"))
# hourly and slow: at 10:05 all of 10:00 is there, and departures up to 11:00 need not wait for more
weather = flow.source(
    "weather", KafkaTopic("weather", schema="weather", event_time="observed_at", lateness="0s", heartbeat="1h")
)

aircraft = flow.connect("aircraft", Lookup(departures, planes, on="tailnum"))
outside = flow.connect("outside", AsOfJoin(aircraft, weather, on="origin", tolerance="3h"))
by_origin = flow.connect(
    "by_origin",
    Sql("""
    SELECT flight_id, scheduled_at, departed_at, origin, carrier, distance, dep_delay, built_in, wind_speed, precip,
           COUNT(*) OVER recent AS departures_1h, AVG(dep_delay) OVER recent AS origin_delay_1h
    FROM outside
    WINDOW recent AS (
        PARTITION BY origin ORDER BY departed_at RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW)"""),
)
features = flow.connect("features", Over(by_origin, by="carrier", span="2h", carrier_delay_2h="AVG(dep_delay)"))
flow.sink("origins", features, FeatureStore("origin", ttl="2d", features=("departures_1h", "origin_delay_1h")))
flow.sink("carriers", features, FeatureStore("carrier", ttl="2d", features=("carrier_delay_2h",)))

examples = flow.connect("examples", LabelJoin(features, landings, on="flight_id", label="late", within="36h"))
known = flow.pipeline("known", examples, compose.FuncTransformer(situation))
classifier = preprocessing.StandardScaler() | linear_model.LogisticRegression(optim.SGD(0.05))
model = flow.pipeline("model", known, classifier, label="late")
flow.sink("lateness", model, ModelStore("lateness", every="1s"))
flow.sink("predictions", model, Topic("flight_predictions"))

# a board at the gate cannot wait for the hour to end: it shows the weather that has arrived
board = flow.connect("board", AsOfJoin(departures, weather, on="origin", tolerance="3h", wait="none"))
flow.sink("gate_board", board, Topic("gate_board"))
