"""What combines and reshapes streams."""

from engine.connectors.as_of_join import AsOfJoin
from engine.connectors.feature_lookup import FeatureLookup, Features
from engine.connectors.interval_join import IntervalJoin
from engine.connectors.label_join import LabelJoin, LabelPolicy
from engine.connectors.lookup import Lookup
from engine.connectors.reproducible import aggregates, caveats, has_over
from engine.connectors.sql import Sql, is_final
from engine.connectors.table import Table
from engine.connectors.union import Union
from engine.connectors.windows import Cumulative, Hopping, Over, Session, Tumbling, Window

Query = IntervalJoin | Sql | Union | Window
Join = AsOfJoin | LabelJoin | Lookup
Connector = Query | Join | FeatureLookup

__all__ = [
    "AsOfJoin",
    "Connector",
    "Cumulative",
    "FeatureLookup",
    "Features",
    "Hopping",
    "IntervalJoin",
    "Join",
    "LabelJoin",
    "LabelPolicy",
    "Lookup",
    "Over",
    "Query",
    "Session",
    "Sql",
    "Table",
    "Tumbling",
    "Union",
    "Window",
    "aggregates",
    "caveats",
    "has_over",
    "is_final",
]
