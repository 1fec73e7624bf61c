"""A job while it is put together, stream by stream."""

from __future__ import annotations

from typing import Any

from engine.flink.cluster import Cluster
from engine.flink.configuration import JobSettings
from engine.flink.contracts import contract_of, contract_of_letters
from engine.flink.gateway import data_streams, jvm
from engine.flink.outside import Outside
from engine.flink.parts import run_part
from engine.flink.relational import Tables
from engine.flink.rows import Rows, row_type, to_rows
from engine.flink.streams import REDRIVE, byte_array, of_stream, read_redriven, transform
from engine.plan import Part, PlannedConnection, PlannedPipeline, PlannedSource, Stream
from engine.worker.spec import WorkerSpec


class Assembly:
    """Adds streams, each after those that it reads, and the part on each; what they give is written in the end.

    What a source has refused goes to the part on it, or else to the last part, for the dead letters.
    """

    def __init__(
        self, environment: Any, spec: WorkerSpec, cluster: Cluster, settings: JobSettings, outside: Outside
    ) -> None:
        self._environment = environment
        self._spec = spec
        self._plan = spec.plan
        self._cluster = cluster
        self._settings = settings
        self._outside = outside
        self._contracts = {stream.name: contract_of(stream, spec, cluster) for stream in self._plan.streams}
        reproducible = self._plan.order == "event_time"
        self._tables = Tables.of(environment, reproducible=reproducible) if self._plan.connections else None
        self._refused: list[Any] = []
        self._records: dict[str, Any] = {}
        self._redriven = None if settings.bounded or self._ends() else self._read_redriven()

    def add(self, stream: Stream) -> None:
        """Add a stream and, if there is one, the part on it."""
        if isinstance(stream, PlannedSource):
            blocks = self._read(stream)
        elif isinstance(stream, PlannedConnection):
            blocks = self._connect(stream)
        else:
            blocks = self._give(stream)
        part = self._plan.part(stream.name)
        if part is not None:
            self._records[part.name] = run_part(part, self._ways(part, blocks), self._spec, self._settings)

    def write(self) -> None:
        """Write what all parts give."""
        self._outside.write(self._plan, self._records)

    def _ends(self) -> bool:
        """Whether every source ends by itself, and the workflow with them."""
        of_sources = self._cluster.stretches.values()
        return all(stretch.stops is not None for stretches in of_sources for stretch in stretches.values())

    def _read_redriven(self) -> Any:
        """The records of dead letters that were sent again; the rule of `max_ahead` is not for them."""
        contracts = {
            stream.name: contract_of(stream, self._spec, self._cluster, limited=False) for stream in self._plan.streams
        }
        letters = contract_of_letters(self._cluster)
        return read_redriven(self._environment, self._plan, letters, contracts, self._cluster)

    def _read(self, source: PlannedSource) -> Any:
        blocks = self._outside.read(self._environment, source, self._contracts[source.name])
        if self._plan.is_connected(source.name):
            self._to_rows(source, blocks)
        return blocks

    def _connect(self, connection: PlannedConnection) -> Any:
        """The blocks of what a connector makes, None where only other connectors read it."""
        assert self._tables is not None
        made, name = self._tables.connect(connection.node), connection.name
        if self._plan.part(name) is None:
            return None
        [schema_id] = self._spec.known[name]
        to_blocks = jvm().headrace.RowsToBlocks(self._contracts[name], made.type, schema_id)
        return made.stream.process(to_blocks).returns(byte_array()).name(f"{name}.blocks").uid(f"{name}.blocks")

    def _give(self, pipeline: PlannedPipeline) -> Any:
        """The blocks of what a pipeline gives to connectors."""
        number, name = self._plan.destinations.index(pipeline.name), f"{pipeline.name}.given"
        chosen = self._records[pipeline.feed].filter(jvm().headrace.Destined(number, number + 1))
        to_blocks = jvm().headrace.OutputBlocks(self._contracts[pipeline.name])
        blocks = transform(chosen.name(pipeline.name).uid(f"{pipeline.name}.chosen"), name, byte_array(), to_blocks)
        self._to_rows(pipeline, blocks)
        return blocks

    def _to_rows(self, stream: Stream, blocks: Any) -> None:
        """Make the records of a stream a table."""
        assert self._tables is not None
        ways = {f"{stream.name}.rows": blocks}
        if self._redriven is not None:
            name = f"{REDRIVE}.{stream.name}.rows"
            ways[name] = of_stream(self._redriven, f"{name}.chosen", self._plan.streams.index(stream), whole=True)
        type_, making = row_type(stream), to_rows(stream, self._contracts[stream.name], self._plan)
        parts = [way.process(making).returns(type_).name(name).uid(name) for name, way in ways.items()]
        if self._plan.part(stream.name) is None:
            self._refused += [part.getSideOutput(jvm().headrace.BlocksToRows.REFUSED) for part in parts]
        whole = parts[0].union(data_streams(parts[1:])) if parts[1:] else parts[0]
        self._tables.add(stream.name, Rows(whole, type_.toLogicalType(), stream.event_time, tuple(parts)))

    def _ways(self, part: Part, blocks: Any) -> dict[str, Any]:
        """How records come to a part."""
        ways = {part.name: blocks}
        if part is self._plan.parts[-1] and self._refused:
            # a way of their own: what has several inputs would not be chained to what makes the records
            first, *others = self._refused
            refused = first.union(data_streams(others)) if others else first
            name = f"{part.name}.refused"
            # it comes when it comes: the part would wait for the watermarks of streams that are none of its own
            ways[name] = refused.assignTimestampsAndWatermarks(jvm().headrace.OutOfOrder()).uid(f"{name}.idle")
        if self._redriven is not None:
            name = f"{REDRIVE}.{part.name}"
            ways[name] = of_stream(self._redriven, f"{name}.chosen", self._plan.streams.index(part.feed))
        return ways
