"""Real records to feed to the workflows that ship."""

from workflows.datasets.flights import flights
from workflows.datasets.phishing import phishing

__all__ = ["flights", "phishing"]
