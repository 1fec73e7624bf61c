"""The learning plane of one Flink subtask, without Flink: frames in, output frames out, effects on Redis between."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import tenacity

from engine.plan import DEAD_LETTERS, Part, Stream
from engine.worker.budget import check_budget
from engine.worker.collecting import collect_seldom
from engine.worker.decoding import FrameDecoder
from engine.worker.encoding import ResultEncoding, refusals
from engine.worker.features import FeatureRows, Placed, sorted_out
from engine.worker.live import LiveShard
from engine.worker.lookups import FeatureLookups
from engine.worker.metrics import WorkerMetrics
from engine.worker.outputs import Outputs
from engine.worker.publishing import Publishing
from engine.worker.refused import SinkBudget
from engine.worker.spec import WorkerSpec
from engine.worker.tables import Tables
from models.outcome import Rejection
from models.recovery import ShardState
from models.signing import signing_key
from schemas.codec import Decoder
from schemas.errors import BadRecord, Retryable
from schemas.frames import Frame, OutputFrame, Status
from schemas.registry import Registry
from schemas.version import Version
from sinks import FeatureReader, FeatureStore, FeatureWriter, ModelStore, open_stores

T = TypeVar("T")


class Worker:
    """Runs the shards of one subtask of a part. A service that is away is waited for in place; Fatal ends the job.

    `state` is the state of the shard at hand, as Flink's keyed state is.
    """

    def __init__(self, spec: WorkerSpec, part: Part, state: ShardState, metrics: WorkerMetrics) -> None:
        self._plan = spec.plan
        self._part = part
        self._state = state
        self._is_compiled = spec.compiled
        self._metrics = metrics
        self._resources = ExitStack()
        registry = self._resources.enter_context(Registry(spec.registry))
        decoder = Decoder(part.reader, _writer_schema(spec.known[part.name], registry), scanned=True)
        self._decoder = FrameDecoder(spec.plan.streams, part.feed, decoder)
        given_ids = {given.name: next(iter(spec.known[given.name])) for given in part.given}
        self._results = ResultEncoding(spec.plan, part, spec.output_ids, given_ids)
        self._outputs = Outputs(spec.plan, part, spec.output_ids[DEAD_LETTERS])
        self._tables = self._resources.enter_context(Tables(part, self._wait))
        self._sink_budget = SinkBudget(spec.plan)
        self._rows = FeatureRows(part)
        self._lookups = self._open_lookups(spec.redis)
        self._features = self._open_features(spec)
        self._publishing = self._open_publishing(spec)
        self._shards: dict[int, LiveShard] = {}
        collect_seldom()

    def process(self, number: int, data: bytes) -> OutputFrame:
        """What a frame of shard `number` gives to Kafka. Raises Fatal."""
        live = self._shards.get(number) or self._open_shard(number)
        entry = self._looked_up(data)
        outcome = self._wait("registry", lambda: live.process(entry))
        frame = live.frame
        rows = self._rows.rows(frame, live.batch, outcome)
        unstored = self._write(number, frame, rows)
        results = self._results.encode(frame, outcome, live.epoch)
        refused = [*unstored, *refusals(results), *self._tables.write(results)]
        rejected = [*outcome.rejected.items(), *refused]
        outputs = self._outputs.frame(frame, results, rejected, int(time.time() * 1000))
        arrivals = frame.index["arrival"][frame.index["redriven"] == 0]
        if len(arrivals):
            live.newest_arrival_ms = int(arrivals.max())
        self._metrics.frame(number, outcome, live.shard, live.newest_arrival_ms)
        self._metrics.refused(refused)
        self._metrics.redriven(len(frame) - len(arrivals))
        check_budget(self._plan, live.shard, live.batch.uncounted, outcome)
        self._sink_budget.check(results, rows, refused)
        self.publish(number)
        return outputs

    def publish(self, number: int, *, last: bool = False) -> None:
        """Publish what shard `number` has learned, if it is time, or if it is the `last` chance. Raises Fatal.

        A shard that has had no frame since the job was restored is opened: what it learned before may still wait.
        """
        live = self._shards.get(number) or self._open_shard(number)
        if not live.features:
            return
        shard, epoch, features = live.shard, live.epoch, live.features
        for name in self._wait("redis", lambda: self._publishing.publish(number, shard, epoch, features, last=last)):
            self._metrics.published(name, number, Version(epoch, shard.learned), live.newest_arrival_ms)

    def pending(self, number: int) -> bool:
        """Whether shard `number` has learned something that waits for its time to be published."""
        live = self._shards.get(number)
        return live is not None and bool(live.features) and self._publishing.pending(number, live.shard, live.epoch)

    def close(self) -> None:
        self._resources.close()

    def _looked_up(self, data: bytes) -> bytes:
        """A frame with what its lookups ask for."""
        lookups = self._lookups
        if lookups is None:
            return data
        frame = Frame.decode(data)
        batch = self._wait("registry", lambda: self._decoder.decode(frame))
        return self._wait("redis", lambda: lookups.read(data, batch))

    def _write(self, number: int, frame: Frame, rows: list[Placed]) -> list[tuple[int, Rejection]]:
        """Write the features of a frame of shard `number`, and give those that cannot be stored."""
        features = self._features
        refused: list[tuple[int, Rejection]] = []
        if features is None:
            return refused
        reached = _reached(f"{number}/{self._part.shards}", frame, self._part.feed)
        try:
            written = self._wait("redis", lambda: features.write((row for _, row in rows), reached))
        except BadRecord:
            kept, refused = sorted_out(rows)
            written = self._wait("redis", lambda: features.write((row for _, row in kept), reached))
        self._metrics.rows(written)
        return refused

    def _open_shard(self, number: int) -> LiveShard:
        window, compiled = self._plan.dead_window, self._is_compiled
        live = self._wait(
            "registry", lambda: LiveShard(self._part, window, self._decoder, self._state, is_compiled=compiled)
        )
        self._metrics.restored(live.replayed)
        live.begin(self._wait("redis", lambda: self._publishing.take_epoch(live.epoch)))
        self._shards[number] = live
        return live

    def _open_lookups(self, redis: str) -> FeatureLookups | None:
        if not self._part.lookups:
            return None
        return FeatureLookups(self._part, self._resources.enter_context(FeatureReader(redis)))

    def _open_features(self, spec: WorkerSpec) -> FeatureWriter | None:
        stores = [cast(FeatureStore, sink.sink) for sink in self._part.sinks.features]
        if not stores:
            return None
        workflow, generation = spec.plan.workflow, spec.generation
        writer = self._wait("redis", lambda: open_stores(stores, spec.redis, workflow, generation))
        return self._resources.enter_context(writer)

    def _open_publishing(self, spec: WorkerSpec) -> Publishing:
        stores = [cast(ModelStore, sink.sink) for sink in self._part.sinks.models]
        key = signing_key(Path(spec.signing_key), production=spec.production) if stores else b""
        publishers = {}
        for store in stores:
            opened = self._wait("redis", lambda store=store: store.open(spec.redis, spec.archive, self._part.shards))  # type: ignore[misc]
            publishers[store.name] = self._resources.enter_context(opened)
        return Publishing(spec.plan, self._part, publishers, key)

    def _wait(self, service: str, work: Callable[[], T]) -> T:
        """Do `work`, again and again while a service is away: the frame stays where it is, and nothing is lost."""
        waiting = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Retryable),
            wait=tenacity.wait_exponential(multiplier=0.05, max=2.0),
            before_sleep=lambda _: self._metrics.waited(service),
        )
        return waiting(work)


def _reached(shard: str, frame: Frame, feed: Stream) -> dict[str, int]:
    """How far a shard has come in each partition: the largest event time of the good records in `frame`.

    Records that were sent again are none of them: they come out of their order.
    """
    good = frame.index[(frame.index["status"] == Status.OK) & (frame.index["redriven"] == 0)]
    return {
        "{}.{}.{}".format(shard, *feed.place(number)): int(good["event_time"][good["partition"] == number].max())
        for number in np.unique(good["partition"]).tolist()
    }


def _writer_schema(known: Mapping[int, dict[str, Any]], registry: Registry) -> Callable[[int], dict[str, Any]]:
    def find(schema_id: int) -> dict[str, Any]:
        schema = known.get(schema_id)
        return schema if schema is not None else registry.schema(schema_id)

    return find
