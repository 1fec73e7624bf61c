"""What the tests of tests run: departures with the wind at their airport, and a model of their delay."""

from __future__ import annotations

from river import compose, linear_model, preprocessing

from engine.connectors import AsOfJoin
from engine.testing import Table, late_by, table
from engine.testing.tables import Late, Mark
from engine.workflow import Workflow
from sinks import FeatureStore, ModelStore, Topic
from sources import KafkaTopic

FLIGHT = {"scheduled_at": "07:00", "carrier": "UA", "dest": "IAH", "distance": 1400.0, "cancelled": False}
A_MINUTE_LATE = late_by("1m")


def airport() -> Workflow:
    flow = Workflow("airport", order="event_time")
    departures = flow.source(
        "departures", KafkaTopic("departures", schema="departure", event_time="departed_at", lateness="10m")
    )
    weather = flow.source("weather", KafkaTopic("weather", schema="weather", event_time="observed_at", lateness="10m"))
    situation = flow.connect("situation", AsOfJoin(departures, weather, on="origin", tolerance="3h"))
    windy = flow.pipeline("windy", situation, compose.Select("wind_speed"))
    learner = preprocessing.StandardScaler() | linear_model.LinearRegression()
    model = flow.pipeline("model", windy, learner, label="dep_delay")
    flow.sink("origin_wind", windy, FeatureStore("origin"))
    flow.sink("predictions", model, Topic("delays"))
    flow.sink("delay", model, ModelStore("delay"))
    return flow


def departures(*lines: tuple[str, str | Late] | Mark) -> Table:
    """Departures from Newark, each with its flight and its time."""
    flights = [line if isinstance(line, Mark) else (*line, float(len(line[0]))) for line in lines]
    return table("flight_id departed_at dep_delay", *flights, constants={**FLIGHT, "origin": "EWR"})


def weather(*lines: tuple[str | Late, float] | Mark) -> Table:
    """The wind at Newark, each with its time."""
    return table("observed_at wind_speed", *lines, constants={"origin": "EWR"})
