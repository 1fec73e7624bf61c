"""What runs: a workflow with every name resolved and every schema known."""

from engine.plan.part import Part
from engine.plan.plan import DEAD_LETTERS, Plan, dead_topic, redrive_topic
from engine.plan.sinks import Sinks
from engine.plan.streams import (
    NO_PARTITION,
    PARTITION_BITS,
    PARTITION_MASK,
    PlannedConnection,
    PlannedPipeline,
    PlannedSource,
    Reading,
    Schema,
    Stream,
)

__all__ = [
    "DEAD_LETTERS",
    "NO_PARTITION",
    "PARTITION_BITS",
    "PARTITION_MASK",
    "Part",
    "Plan",
    "PlannedConnection",
    "PlannedPipeline",
    "PlannedSource",
    "Reading",
    "Schema",
    "Sinks",
    "Stream",
    "dead_topic",
    "redrive_topic",
]
