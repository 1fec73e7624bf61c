"""Tests of workflows: tables in, tables out, on the real thing."""

from engine.testing.instants import at
from engine.testing.outcome import Outcome, Records
from engine.testing.pipelines import run_pipeline
from engine.testing.running import run
from engine.testing.tables import Table, corrupt, crash, duplicate, idle, late_by, table

__all__ = [
    "Outcome",
    "Records",
    "Table",
    "at",
    "corrupt",
    "crash",
    "duplicate",
    "idle",
    "late_by",
    "run",
    "run_pipeline",
    "table",
]
