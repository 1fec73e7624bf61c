"""A schema registry that speaks the part of Confluent's REST API that producers and consumers need."""

from schemas.registry_service.app import create_app
from schemas.registry_service.store import Store, open_store

__all__ = ["Store", "create_app", "open_store"]
