"""Where streams come from."""

from sources.files import Files
from sources.kafka import KafkaTopic

__all__ = ["Files", "KafkaTopic"]
