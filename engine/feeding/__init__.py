"""Feeders at work: what is not Kafka enters through Kafka, each record once."""

from engine.feeding.encoding import Target
from engine.feeding.feeding import Feeding
from engine.feeding.progress import Fed

__all__ = ["Fed", "Feeding", "Target"]
