"""Real records for the workflows that ship, and where to feed them."""

from workflows.datasets.flights import FEED as FLIGHTS_FEED
from workflows.datasets.flights import flights
from workflows.datasets.phishing import FEED as PHISHING_FEED
from workflows.datasets.phishing import phishing

__all__ = ["FLIGHTS_FEED", "PHISHING_FEED", "flights", "phishing"]
