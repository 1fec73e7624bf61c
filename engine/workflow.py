"""A workflow: a directed acyclic graph of named nodes. It is data; building it opens nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

from engine.connectors import Connector
from models.rejects import WINDOW
from models.stage import Kind, Stage
from schemas.errors import Fatal
from schemas.shares import parse_share
from sinks import Collector, Console, FeatureStore, Folder, ModelStore, SqlTable, Topic
from sources import KafkaTopic

LEAST_WINDOW = 1_000  # records; of fewer a share says little

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")

Source = KafkaTopic
ResultSink = Topic | Console | Folder | SqlTable | Collector
"""What takes predictions, or features as they are; they share the attribute `schema`."""
Sink = FeatureStore | ModelStore | ResultSink


@dataclass(frozen=True)
class DataSource:
    """A stream of records that comes in."""

    name: str
    source: Source


@dataclass(frozen=True)
class Connection:
    """What a connector makes of the records of the nodes `inputs`."""

    name: str
    inputs: tuple[str, ...]
    connector: Connector


@dataclass(frozen=True)
class Pipeline:
    """Transformers in a row, with at most one estimator, over the records of the node `input`."""

    name: str
    input: str
    stage: Stage


@dataclass(frozen=True)
class DataSink:
    """A place for the results of the node `input`."""

    name: str
    input: str
    sink: Sink


Node = DataSource | Connection | Pipeline | DataSink
_N = TypeVar("_N", DataSource, Connection, Pipeline, DataSink)


class Workflow:
    """Streams, what is made of them, and where the results go; each node has a name that its author gives.

    The name of a node is the key of its state, its label in the metrics and its id in Flink, so a renamed node starts
    anew. With `order="arrival"` records are learned as they come; with `order="event_time"` in the order of (event
    time, partition, offset), so that the same input always gives the same model, to the last bit. `max_dead` is the
    share of the last `dead_window` records of a shard, or of a stream that connectors read, that may be dead letters,
    after the first 1,000, before the job stops.
    `shards` is how many parts a workflow with a model per key is split into. Errors are Fatal and name the node.

    >>> from river import linear_model, preprocessing
    >>> flow = Workflow("demo")
    >>> pages = flow.source("pages", KafkaTopic("pages", schema="phishing", event_time="seen_at"))
    >>> scaled = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    >>> model = flow.pipeline("model", pages, scaled, label="is_phishing")
    >>> flow.sink("predictions", model, Topic("predictions"))
    >>> [node.name for node in flow.nodes]
    ['pages', 'model', 'predictions']
    """

    def __init__(
        self,
        name: str,
        *,
        order: Literal["arrival", "event_time"] = "arrival",
        max_dead: str = "1%",
        dead_window: int = WINDOW,
        shards: int | None = None,
    ) -> None:
        if not _NAME.fullmatch(name):
            raise Fatal(f'workflow "{name}": not a name', hint=_NAMING)
        if order not in ("arrival", "event_time"):
            raise Fatal(f'workflow "{name}": order "{order}" is neither "arrival" nor "event_time"')
        if shards is not None and shards < 1:
            raise Fatal(f'workflow "{name}": shards is {shards}, expected at least 1')
        self.name = name
        self.order = order
        if dead_window < LEAST_WINDOW:
            raise Fatal(f'workflow "{name}": dead_window is {dead_window} records, expected at least {LEAST_WINDOW}')
        self.max_dead = _share(name, max_dead)
        self.dead_window = dead_window
        self.shards = shards
        self._nodes: dict[str, Node] = {}

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, each after those that it reads from."""
        return tuple(self._nodes.values())

    def source(self, name: str, source: Source) -> DataSource:
        """Add a stream of records that comes in."""
        if not isinstance(source, KafkaTopic):
            raise Fatal(f'source "{name}": {type(source).__name__} is not a source', hint="KafkaTopic is one")
        return self._add(DataSource(name, source))

    def connect(self, name: str, connector: Connector) -> Connection:
        """Add what combines or reshapes streams that are there already, or what pipelines of transformers give."""
        if not isinstance(connector, Connector):
            hint = f"connectors are {', '.join(kind.__name__ for kind in get_args(Connector))}"
            raise Fatal(f'connector "{name}": {type(connector).__name__} is not a connector', hint=hint)
        streams = [node.name for node in self._nodes.values() if not isinstance(node, DataSink) and not _learns(node)]
        inputs = connector.reads(streams)
        there = ", ".join(streams) or "none yet"
        if not inputs:
            raise Fatal(f'connector "{name}": its query names no stream of the workflow', hint=f"there are {there}")
        for read in inputs:
            if read not in streams:
                raise Fatal(f'connector "{name}": reads "{read}", which is no stream here', hint=f"there are {there}")
        return self._add(Connection(name, inputs, connector))

    def pipeline(
        self,
        name: str,
        input: DataSource | Connection | Pipeline,
        pipeline: Any,
        *,
        label: str | None = None,
        key: str | None = None,
        batch: int | None = None,
    ) -> Pipeline:
        """Add a pipeline: a river object, or anything with river's verbs.

        `label` names the field with the outcome, for a pipeline that ends in a classifier or a regressor; an anomaly
        detector and a clusterer have none, and predict the score or the cluster of each record. `key` is the field by
        whose values there is a model each; `batch` makes it learn exactly that many records at once with `learn_many`.
        """
        upstream = self._upstream(name, input)
        if _learns(upstream):
            raise Fatal(f'pipeline "{name}": reads from "{upstream.name}", which has an estimator and so comes last')
        made = Pipeline(name, upstream.name, Stage(name, pipeline, label, key, batch))
        other = next((node.name for node in self._nodes.values() if _learns(node)), None)
        if other is not None and _learns(made):
            hint = "a workflow has one; give the other a workflow of its own"
            raise Fatal(f'pipeline "{name}": ends in an estimator, and so does "{other}"', hint=hint)
        return self._add(made)

    def sink(self, name: str, input: DataSource | Connection | Pipeline, sink: Sink) -> None:
        """Add a place for the results of a pipeline, or for the records of a stream as they are."""
        upstream = self._upstream(name, input)
        if not isinstance(sink, Sink):
            hint = f"sinks are {', '.join(kind.__name__ for kind in get_args(Sink))}"
            raise Fatal(f'sink "{name}": {type(sink).__name__} is not a sink', hint=hint)
        learns = _learns(upstream)
        if isinstance(sink, FeatureStore) and learns:
            hint = "features come from a pipeline of transformers"
            raise Fatal(f'sink "{name}": "{upstream.name}" ends in an estimator and has no features', hint=hint)
        if isinstance(sink, ModelStore) and not learns:
            hint = "models come from a pipeline that ends in an estimator"
            raise Fatal(f'sink "{name}": "{upstream.name}" has no estimator', hint=hint)
        if isinstance(sink, ResultSink) and learns and sink.schema is not None:
            hint = "leave the schema out: it is for features"
            raise Fatal(f'sink "{name}": the predictions of "{upstream.name}" have a schema of their own', hint=hint)
        self._add(DataSink(name, upstream.name, sink))

    def _upstream(self, name: str, input: DataSource | Connection | Pipeline) -> Node:
        if not isinstance(input, DataSource | Connection | Pipeline):
            hint = "give what source(), connect() or pipeline() returned"
            raise Fatal(f'node "{name}": reads from {input!r}', hint=hint)
        if self._nodes.get(input.name) is not input:
            raise Fatal(f'node "{name}": "{input.name}" belongs to another workflow')
        return input

    def _add(self, node: _N) -> _N:
        if not isinstance(node.name, str) or not _NAME.fullmatch(node.name):
            raise Fatal(f'node "{node.name}": not a name', hint=_NAMING)
        if node.name in self._nodes:
            raise Fatal(f'node "{node.name}": this name is taken', hint="every node has a name of its own")
        self._nodes[node.name] = node
        return node


def _learns(node: Node) -> bool:
    """Whether a node is a pipeline that ends in an estimator."""
    return isinstance(node, Pipeline) and node.stage.kind is not Kind.TRANSFORMER


_NAMING = "a name has lower-case letters, digits and underscores, starts with a letter, and at most 63 characters"


def _share(name: str, text: str) -> float:
    try:
        return parse_share(text)
    except Fatal as error:
        raise Fatal(f'workflow "{name}": max_dead: {error.message}') from None
