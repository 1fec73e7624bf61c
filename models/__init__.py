"""Pipelines that learn from every record, and what keeps them right."""

from models.rolling import RollingCount, RollingMean
from models.stage import Stage

__all__ = ["RollingCount", "RollingMean", "Stage"]
