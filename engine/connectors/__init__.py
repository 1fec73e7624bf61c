"""What combines and reshapes streams."""

from engine.connectors.sql import Sql

__all__ = ["Sql"]
