"""The scoring API: predictions from models that are replaced while they serve."""

from engine.scoring.app import Service, create_app
from engine.scoring.catalog import Catalog
from engine.scoring.refresher import Refresher
from engine.scoring.served import Served, Shard

__all__ = ["Catalog", "Refresher", "Served", "Service", "Shard", "create_app"]
