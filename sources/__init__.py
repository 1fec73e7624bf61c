"""Where streams come from."""

from sources.kafka import KafkaTopic

__all__ = ["KafkaTopic"]
