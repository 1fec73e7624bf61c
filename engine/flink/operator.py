"""The learning plane as a Flink operator: one call takes a frame."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import ListState, ListStateDescriptor, ValueState, ValueStateDescriptor

from engine.failure import report
from engine.flink.job_metrics import CheckpointAge, JobMetric, LeftOut
from engine.flink.sampling import stop_sampling
from engine.scrape_targets import leave_last, leave_target
from engine.worker.metrics import WorkerMetrics
from engine.worker.outputs import fatal_frame
from engine.worker.spec import WorkerSpec
from engine.worker.worker import Worker

END_OF_INPUT = (1 << 63) - 1  # the watermark that says that there is nothing more to come
_BYTES = Types.PICKLED_BYTE_ARRAY()  # bytes too; of arrays, thread mode makes tuples of numbers


@dataclass(frozen=True)
class OperatorSettings:
    """How a job runs the learning plane of a part.

    The Flink key of a frame is the id of its shard, at `shard_ids`. `publish_every_ms` is how long a quiet shard waits
    to publish what it has learned last; 0 means never. `is_ranged` says that the job leaves out records, which a metric
    counts, and `jvm_logs` that the JVM adds each frame to the learn-log.
    """

    shard_ids: Sequence[int]
    publish_every_ms: int
    is_ranged: bool
    jvm_logs: bool


class LearningOperator(KeyedProcessFunction):  # type: ignore[misc]  # pyflink has no types
    """Runs a worker of the part on `stream`.

    `spec` is a pickled WorkerSpec: it is opened inside the boundary, because opening it imports the user's modules.
    """

    def __init__(self, workflow: str, stream: str, spec: bytes, settings: OperatorSettings) -> None:
        self._workflow = workflow
        self._stream = stream
        self._spec = spec
        self._settings = settings
        self._numbers = {shard_id: number for number, shard_id in enumerate(settings.shard_ids)}

    def open(self, context: RuntimeContext) -> None:
        stop_sampling()
        snapshot = context.get_state(ValueStateDescriptor("snapshot", _BYTES))
        log = context.get_list_state(ListStateDescriptor("learn-log", _BYTES))
        self._state = FlinkState(snapshot, log)
        self._timers: set[int] = set()
        self._failure = b""
        self._worker: Worker | None = None
        self._open = ExitStack()
        try:
            spec: WorkerSpec = pickle.loads(self._spec)
            part = spec.plan.part(self._stream)
            assert part is not None
            self._worker = Worker(spec, part, self._state, self._metrics(spec, context))
        except Exception as error:  # noqa: BLE001 - the boundary around user code
            self._fail(error)

    def close(self) -> None:
        # called when a job ends well; a worker that is killed leaves nothing behind that matters
        if self._worker is not None:
            self._worker.close()
        self._open.close()

    def process_element(self, value: Any, context: KeyedProcessFunction.Context) -> Iterator[bytes]:
        number = self._numbers[context.get_current_key()]
        self._state.holds_frame = self._settings.jvm_logs
        outputs = self._run(number, value)
        if outputs:
            yield outputs
        self._remind(number, context)

    def on_timer(self, timestamp: int, context: KeyedProcessFunction.OnTimerContext) -> Iterator[bytes]:
        number = self._numbers[context.get_current_key()]
        at_end = timestamp == END_OF_INPUT
        if not at_end:
            self._timers.discard(number)
        try:
            if self._worker is not None:
                self._worker.publish(number, last=at_end)
        except Exception as error:  # noqa: BLE001 - the boundary around user code
            self._fail(error)
        if self._failure:
            yield self._failure
        if not at_end:
            self._remind(number, context)

    def _metrics(self, spec: WorkerSpec, context: RuntimeContext) -> WorkerMetrics:
        """The metrics of a worker, which are told until this is closed, and left behind then."""
        metrics = WorkerMetrics(self._workflow, self._stream)
        if spec.flink:
            self._tell(metrics, CheckpointAge(self._workflow, spec.flink))
            if self._settings.is_ranged:
                self._tell(metrics, LeftOut(self._workflow, spec.flink))
        if spec.metrics_folder:
            folder, task = Path(spec.metrics_folder), f"{self._stream}-{_subtask(context)}"
            leave_target(folder, self._workflow, task, metrics.serve(spec.metrics_host, spec.metrics_port))
            self._open.callback(metrics.close)
            self._open.callback(lambda: leave_last(folder, self._workflow, task, metrics.text()))
        return metrics

    def _tell(self, metrics: WorkerMetrics, of_job: JobMetric) -> None:
        metrics.registry.register(of_job)
        self._open.callback(of_job.close)

    def _run(self, number: int, frame: bytes) -> bytes:
        try:
            if self._worker is not None:
                outputs = self._worker.process(number, frame)
                return outputs.encode() if len(outputs) else b""
        except Exception as error:  # noqa: BLE001 - the boundary around user code
            self._fail(error)
        return self._failure

    def _fail(self, error: Exception) -> None:
        """Only the JVM can stop a job for good: from now on there is nothing but the reason."""
        self._worker = None
        self._failure = fatal_frame(f'{report(error)}\nworkflow "{self._workflow}" cannot go on').encode()

    def _remind(self, number: int, context: Any) -> None:
        if self._worker is None or number in self._timers or not self._worker.pending(number):
            return
        self._timers.add(number)
        timers = context.timer_service()
        timers.register_event_time_timer(END_OF_INPUT)
        timers.register_processing_time_timer(timers.current_processing_time() + self._settings.publish_every_ms)


def _subtask(context: RuntimeContext) -> int:
    """The number of this task among those of its part, from 0."""
    if hasattr(context, "_runtime_context"):  # in thread mode PyFlink asks Java for what Flink 2 no longer has
        return int(context._runtime_context.getTaskInfo().getIndexOfThisSubtask())
    return int(context.get_index_of_this_subtask())


class FlinkState:
    """A shard's snapshot and learn-log in Flink's keyed state; the key is that of the element being processed.

    `holds_frame` says that the frame being processed is at the end of the log: the JVM has put it there before.
    """

    def __init__(self, snapshot: ValueState, log: ListState) -> None:
        self._snapshot = snapshot
        self._log = log
        self.holds_frame = False

    def snapshot(self) -> bytes | None:
        value: bytes | None = self._snapshot.value()
        return value or None

    def log(self) -> list[bytes]:
        entries = list(self._log.get() or ())
        return entries[:-1] if self.holds_frame else entries

    def append(self, entry: bytes) -> None:
        if not self.holds_frame:
            self._log.add(entry)
        self.holds_frame = False

    def replace(self, snapshot: bytes) -> None:
        self._snapshot.update(snapshot)
        self._log.clear()
        self.holds_frame = False
