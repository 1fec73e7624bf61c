"""What combines and reshapes streams."""

from engine.connectors.interval_join import IntervalJoin
from engine.connectors.sql import Sql
from engine.connectors.table import Table
from engine.connectors.union import Union

Connector = IntervalJoin | Sql | Union

__all__ = ["Connector", "IntervalJoin", "Sql", "Table", "Union"]
