"""A workflow on trial: run on the real platform, disturbed, and asked for what it left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import psutil
from river import compose, linear_model, preprocessing

from engine.flink.configuration import JobSettings
from engine.flink.rest import ENDED, FlinkRest
from engine.jobs.loading import LoadedWorkflow
from engine.jobs.progress import Progress, read_progress
from engine.jobs.resuming import newest_checkpoint
from engine.jobs.running import Started, checkpoints_of, start, stop
from engine.local.home import Home
from engine.local.platform import Platform
from engine.local.supervision import Supervisor
from engine.probes import why_not_ready
from engine.settings import Settings
from engine.workflow import Workflow
from models.allowlist import AllowList
from models.artifact import ModelCard, open_artifact
from models.signing import signing_key
from schemas.codec import Decoder
from schemas.registry import Registry
from sinks import ModelReader, ModelStore, Topic
from sources import KafkaTopic
from sources.kafka_admin import KafkaAdmin
from sources.kafka_reader import TopicReader
from tests.engine.jobs.readings import PARTITIONS, Coordinates, Feed
from tests.waiting import PATIENCE_S, wait_until

EACH_SECOND = JobSettings(checkpoint_every="1 s")
# for what does not depend on where Python runs: threads of the TaskManager need no start of a process for each job
LIVE = replace(EACH_SECOND, mode="thread")
BOUNDED = replace(LIVE, bounded=True)


def classifier() -> Any:
    return compose.Select("warmth", "wind") | preprocessing.StandardScaler() | linear_model.LogisticRegression()


def workflow(feed: Feed, *, keyed: bool = False, max_dead: str = "1%", idle: str = "30s") -> Workflow:
    """One model of all readings in event-time order, or one for each station, under names that nothing else has."""
    return workflow_of(feed.source(idle), keyed=keyed, max_dead=max_dead)


def workflow_of(topic: KafkaTopic, *, name: str | None = None, keyed: bool = False, max_dead: str = "1%") -> Workflow:
    """The same of any source of readings."""
    name = name or fresh_name()
    flow = Workflow(name, order="event_time", shards=4 if keyed else None, max_dead=max_dead)
    source = flow.source("readings", topic)
    model = flow.pipeline("model", source, classifier(), label="rain", key="station" if keyed else None)
    flow.sink("store", model, ModelStore(name, every="250ms"))
    flow.sink("predictions", model, Topic(f"{name}.predictions"))
    return flow


def fresh_name() -> str:
    return f"trial_{uuid4().hex[:8]}"


@dataclass(frozen=True)
class Trial:
    """A workflow that was started on a platform."""

    platform: Platform
    started: Started

    @property
    def name(self) -> str:
        return self.started.plan.workflow

    @property
    def topics(self) -> dict[str, str]:
        """The topics of its sinks, by the name of the sink."""
        plan = self.started.plan
        return {sink.name: plan.topic_of(sink) for sink in plan.sinks.topics}

    @property
    def settings(self) -> Settings:
        return Settings.load(home=self.platform.home)

    def ask(self, question: Callable[[FlinkRest, str], Any]) -> Any:
        """What Flink says about the job."""
        with FlinkRest(self.platform.addresses.flink) as flink:
            return question(flink, self.started.job_id)

    def state(self) -> str:
        return str(self.ask(FlinkRest.state))

    def wait_until_ended(self, state: str = "FINISHED", timeout_s: float = PATIENCE_S) -> None:
        wait_until(lambda: self.state() in ENDED, timeout_s)
        assert self.state() == state, self.ask(FlinkRest.failure)

    def stop(self, *, drain: bool = False) -> str:
        return stop(self.name, self.settings, drain=drain)

    def progress(self) -> Progress:
        return read_progress(self.name, self.settings.metrics_folder)

    def newest_checkpoint(self) -> int:
        """The id of the newest complete checkpoint, 0 before the first."""
        newest = newest_checkpoint(checkpoints_of(self.settings), self.started.job_id)
        return newest.number if newest else 0

    def restores(self) -> int:
        """How often the job was restored from a checkpoint."""
        return int(self.ask(FlinkRest.checkpoints)["counts"]["restored"])

    def restored_checkpoint(self) -> int:
        """The id of the checkpoint that the job has last restored."""
        return int(self.ask(FlinkRest.checkpoints)["latest"]["restored"]["id"])

    def predictions(self) -> dict[Coordinates, dict[str, Any]]:
        """The committed predictions by the record that each is for, without the epoch; none may be there twice."""
        records = self.committed(f"{self.name}.predictions")
        found = {(record.pop("partition"), record.pop("offset")): record for record in records}
        assert len(found) == len(records)
        for record in records:
            del record["epoch"]  # tells restarts apart, and nothing else may
        return found

    def numbers(self, order: Sequence[int]) -> list[tuple[bool | None, float | None]]:
        """The predictions and their probabilities for the readings at these positions, which must be all there are."""
        said = self.predictions()
        assert len(said) == len(order)
        found = [said[position % PARTITIONS, position // PARTITIONS] for position in order]
        return [(record["prediction"], record.get("probability")) for record in found]

    def wait_until_predicted(self, count: int) -> None:
        """Return once that many predictions are committed."""
        seen = 0
        with TopicReader(self.platform.addresses.kafka, f"{self.name}.predictions") as reader:

            def enough() -> bool:
                nonlocal seen
                seen += len(reader.poll())
                return seen >= count

            wait_until(enough)

    def wait_until_read(self) -> None:
        """Return once a checkpoint holds that all records of the topics were read."""
        group, topics = f"headrace-{self.name}", [t for source in self.started.plan.sources for t in source.topics]
        with KafkaAdmin(self.platform.addresses.kafka) as kafka:
            wait_until(lambda: not any(kafka.behind(topic, group) for topic in topics))

    def dead(self) -> dict[Coordinates, dict[str, Any]]:
        """The committed dead letters by the record that each is for; none may be there twice."""
        records = self.committed(f"{self.name}.dead")
        found = {(record["partition"], record["offset"]): record for record in records}
        assert len(found) == len(records)
        return found

    def committed(self, topic: str) -> list[dict[str, Any]]:
        """The records of a topic of ours, read with `read_committed`."""
        addresses = self.platform.addresses
        with Registry(addresses.registry) as registry, TopicReader(addresses.kafka, topic) as reader:
            decoder = Decoder(registry.latest(f"{topic}-value").schema, registry.schema)
            return [decoder.decode(record.value) for record in reader.until_end()]

    def models(self) -> list[tuple[ModelCard, Any]]:
        """What is live in the model store, one for each shard that has learned anything."""
        key = signing_key(self.settings.signing_key_file, production=False)
        learner = self.started.plan.learner
        assert learner is not None
        with ModelReader(self.platform.addresses.redis) as reader:
            stored = [reader.fetch(self.name, shard) for shard in range(learner.shards)]
        return [open_artifact(model.artifact, key, AllowList()) for model in stored if model]


def begin(
    platform: Platform, flow: Workflow, job: JobSettings, *, fresh: bool = False, compiled: bool | None = None
) -> Trial:
    """Start a workflow as `headrace run` does."""
    loaded = LoadedWorkflow(flow, ())
    return Trial(platform, start(loaded, Settings.load(home=platform.home, compiled=compiled), job, fresh=fresh))


def finish(platform: Platform, flow: Workflow, job: JobSettings) -> Trial:
    """Run a workflow over what its topic holds, to the end."""
    trial = begin(platform, flow, job)
    trial.wait_until_ended()
    return trial


def part(platform: Platform, name: str) -> psutil.Process:
    """The process of a part of the platform."""
    return psutil.Process(Supervisor(Home(platform.home)).states()[name].pid)


def kill(platform: Platform, name: str) -> None:
    """End a part of the platform with SIGKILL, and wait until another process has taken its place."""
    process = part(platform, name)
    process.kill()
    wait_until(lambda: Supervisor(Home(platform.home)).states()[name].pid not in (0, process.pid))


@contextmanager
def suspended(platform: Platform, name: str) -> Iterator[None]:
    """Inside, a part of the platform stands still: its connections stay open, but it answers nothing."""
    process = part(platform, name)
    process.suspend()
    try:
        yield
    finally:
        process.resume()


@contextmanager
def gone(platform: Platform, name: str) -> Iterator[None]:
    """Inside, a part of the platform is not there, ended with SIGKILL; after it, it is back."""
    supervisor = Supervisor(Home(platform.home))
    kill(platform, name)
    supervisor.stop(name)
    try:
        yield
    finally:
        supervisor.start(name)
        wait_until(lambda: why_not_ready(name, getattr(platform.addresses, name)) is None)
