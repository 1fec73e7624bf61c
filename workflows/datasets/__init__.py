"""Real records for the workflows that ship, and where to feed them."""

from workflows.datasets.flights import DEPARTURES_FEED, LANDINGS_FEED, departures, flights, landings
from workflows.datasets.flights import FEED as FLIGHTS_FEED
from workflows.datasets.phishing import FEED as PHISHING_FEED
from workflows.datasets.phishing import phishing
from workflows.datasets.planes import FEED as PLANES_FEED
from workflows.datasets.planes import planes
from workflows.datasets.weather import FEED as WEATHER_FEED
from workflows.datasets.weather import weather

__all__ = [
    "DEPARTURES_FEED",
    "FLIGHTS_FEED",
    "LANDINGS_FEED",
    "PHISHING_FEED",
    "PLANES_FEED",
    "WEATHER_FEED",
    "departures",
    "flights",
    "landings",
    "phishing",
    "planes",
    "weather",
]
