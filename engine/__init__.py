"""Describe, plan and run workflows."""

from engine.workflow import Workflow

__all__ = ["Workflow"]
