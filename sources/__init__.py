"""Where streams come from."""

from sources.feeder import Feeder
from sources.files import Files
from sources.generator import Clockwork, Generator, Trouble
from sources.http_poll import HttpPoll
from sources.kafka import KafkaTopic, TopicPattern
from sources.kafka_span import GroupOffsets, Offsets, Span
from sources.sql_query import SqlQuery

__all__ = [
    "Clockwork",
    "Feeder",
    "Files",
    "Generator",
    "GroupOffsets",
    "HttpPoll",
    "KafkaTopic",
    "Offsets",
    "Span",
    "SqlQuery",
    "TopicPattern",
    "Trouble",
]
