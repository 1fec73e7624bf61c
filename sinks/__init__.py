"""Where results go: features to Redis, models to the model store, results of either kind to where they are wanted."""

from sinks.collector import Collector
from sinks.console import Console
from sinks.feature_rows import FeatureRow, FeatureValue, RowVersion
from sinks.folder import Folder
from sinks.kafka import Topic
from sinks.model_store import ModelStore
from sinks.redis import FeatureStore, FeatureWriter, open_stores
from sinks.redis_generations import Generations
from sinks.redis_model_reader import ModelNews, ModelReader
from sinks.redis_models import ModelPublisher
from sinks.redis_reader import AsyncFeatureReader, FeatureKey, FeatureReader
from sinks.sql_table import SqlTable
from sinks.stored_models import Announcement, StoredModel

__all__ = [
    "Announcement",
    "AsyncFeatureReader",
    "Collector",
    "Console",
    "FeatureKey",
    "FeatureReader",
    "FeatureRow",
    "FeatureStore",
    "FeatureValue",
    "FeatureWriter",
    "Folder",
    "Generations",
    "ModelNews",
    "ModelPublisher",
    "ModelReader",
    "ModelStore",
    "RowVersion",
    "SqlTable",
    "StoredModel",
    "Topic",
    "open_stores",
]
