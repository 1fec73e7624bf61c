"""Tables as they come to the topics of a platform, step by step, while a job reads them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import psutil
import tenacity

from engine.connectors import is_final
from engine.flink.configuration import JobSettings
from engine.flink.rest import ENDED, FlinkRest
from engine.flink.written import Then
from engine.jobs.loading import LoadedWorkflow
from engine.jobs.running import start, stop
from engine.local.home import Home
from engine.local.supervision import Supervisor
from engine.plan import Plan, PlannedSource, Reading
from engine.settings import JobAddresses, Settings
from engine.testing.writing import Chunks
from schemas.errors import Fatal, Retryable
from schemas.session import Session
from sources.kafka_admin import KafkaAdmin
from sources.kafka_writer import TopicWriter

IDLE = "1s"  # how long the partitions of a source whose table has the mark `idle` are waited for
PASSED_OVER_S = 3.0  # when they are surely passed over
PATIENCE_S = 180.0


class Staging(Session):
    """Writes the chunks of a plan's sources and runs the job that reads them; a context manager."""

    def __init__(self, loaded: LoadedWorkflow, plan: Plan, chunks: Chunks, settings: Settings) -> None:
        addresses = JobAddresses.find(settings)
        self._loaded = loaded
        self._plan = plan
        self._chunks = chunks
        self._settings = settings
        self._kafka = addresses.kafka
        self._flink = FlinkRest(addresses.flink)
        self._job = ""

    def perform(self) -> int:
        """Run the job to its end, and say how often it went on from a checkpoint. Raises Fatal where it fails."""
        streams = [source for source in self._plan.sources if source.reading is Reading.STREAM]
        steps = len(self._chunks[streams[0].name])
        with TopicWriter(self._kafka) as writer:
            for source in self._plan.sources:
                self._write(writer, source, 0)  # what is there at submission: nobody is passed over before that is read
            if steps == 1:
                self._start(JobSettings(bounded=True))
                self._wait(lambda: self._flink.state(self._job) == "FINISHED")
            else:
                self._refuse_finals()
                self._start(JobSettings(checkpoint_every="1 s"))
                self._go_through(writer, streams, steps)
        return self._restored()

    def _refuse_finals(self) -> None:
        """With marks a run goes on until it is stopped."""
        for connection in self._plan.connections:
            if is_final(connection.node.connector):
                raise Fatal(
                    f'connector "{connection.name}": emit="final" with the marks idle or crash runs in process only',
                    hint="leave the marks out, or run this test without HEADRACE_TEST_ON=cluster",
                )

    def _go_through(self, writer: TopicWriter, streams: list[PlannedSource], steps: int) -> None:
        is_crash_due = False
        for step in range(steps):
            for source in streams if step else ():
                self._write(writer, source, step)
            if is_crash_due:
                self._crash()
            self._wait(self._is_read)
            then = {self._chunks[source.name][step].then for source in streams}
            if Then.IDLE in then:
                time.sleep(PASSED_OVER_S)
            is_crash_due = Then.CRASH in then  # the last chunk has no mark
        stop(self._plan.workflow, self._settings, drain=True)

    def _start(self, job: JobSettings) -> None:
        self._job = start(self._loaded, self._settings, job, fresh=True).job_id

    def _write(self, writer: TopicWriter, source: PlannedSource, step: int) -> None:
        for record in self._chunks[source.name][step].records:
            writer.write(source.topics[0], record.value, partition=record.partition)
        writer.flush()

    def _is_read(self) -> bool:
        """Whether a checkpoint holds that all there is was read."""
        group = f"headrace-{self._plan.workflow}"
        with KafkaAdmin(self._kafka) as kafka:
            return not any(kafka.behind(topic, group) for source in self._plan.sources for topic in source.topics)

    def _crash(self) -> None:
        """Kill the TaskManager of the local platform, and wait until the job goes on from a checkpoint."""
        supervisor, before = Supervisor(Home(self._settings.home)), self._restored()
        if self._settings.flink is not None or not supervisor.is_alive():
            raise Fatal('mark "crash": kills a TaskManager of the local platform, but Flink is another one')
        psutil.Process(supervisor.states()["taskmanager"].pid).kill()
        self._wait(lambda: self._restored() > before)
        self._flink.wait_until_running(self._job, PATIENCE_S)  # or the next crash would hit one that has no task

    def _restored(self) -> int:
        return int(self._flink.checkpoints(self._job)["counts"]["restored"])

    def _wait(self, until: Callable[[], bool]) -> None:
        """Return once that is so. Raises Fatal where the job has ended otherwise, or it takes too long."""

        def is_so() -> bool:
            if until():
                return True
            state = self._flink.state(self._job)
            if state in ENDED and state != "FINISHED":
                raise Fatal(self._flink.failure(self._job) or f'workflow "{self._plan.workflow}": is {state}')
            return False

        patience = tenacity.stop_after_delay(PATIENCE_S)
        again = tenacity.retry_if_result(lambda so: not so) | tenacity.retry_if_exception_type(Retryable)
        try:
            tenacity.Retrying(retry=again, wait=tenacity.wait_fixed(0.2), stop=patience)(is_so)
        except tenacity.RetryError as error:
            why = self._flink.failure(self._job) or "Flink names no reason"
            raise Fatal(
                f'workflow "{self._plan.workflow}": does not come on after {PATIENCE_S:.0f} s: {why}'
            ) from error

    def close(self) -> None:
        with self._flink, suppress(Retryable):  # where Flink is away, why the run ended says more
            if self._job and self._flink.state(self._job) not in ENDED:
                self._flink.cancel(self._job)
