"""The ingest service: records over HTTP into Kafka."""

from engine.ingest.app import Service, create_app

__all__ = ["Service", "create_app"]
