"""Headrace's own run of the work: a workflow, submitted as a bounded job, and when its last prediction was readable."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import kafka

from benchmarks.figures import Tell
from benchmarks.peer import Peer, Stream
from benchmarks.peers.tasks import Task
from engine.flink.configuration import JobSettings
from engine.flink.rest import ENDED, FlinkRest
from engine.jobs.loading import LoadedWorkflow
from engine.jobs.running import Started, start
from engine.settings import Addresses, Settings
from engine.workflow import Workflow
from schemas.errors import Fatal
from sinks import Topic
from sources import KafkaTopic
from sources.kafka_admin import KafkaAdmin

PARTITIONS = 4
CHECKPOINT_EVERY = "2 s"
LEAST_CHECKPOINTS = 3
_SELDOM_S, _OFTEN_S = 2.0, 0.2  # asking loads what is measured: often only once the end is near


@dataclass(frozen=True)
class Run:
    """One run: records a second, the checkpoints within its span, and what a reader with read_committed found."""

    rate: float
    checkpoints: int
    read: int
    distinct: int


def workflow(name: str, stream: Stream, task: Task, batch: int | None = None) -> Workflow:
    """The workflow that does a task, record by record or with learn_many."""
    flow = Workflow(name)
    records = flow.source("records", KafkaTopic(stream.topic, schema=str(task.schema_file)))
    model = flow.pipeline("model", records, task.pipeline(), label=task.label, key=task.key, batch=batch)
    flow.sink("predictions", model, Topic(f"{name}.predictions"))
    return flow


def submit(flow: Workflow, settings: Settings, job: JobSettings) -> str:
    """Start a workflow of ours on the platform, from nothing, and return the id of its job."""
    return started(flow, settings, job).job_id


def started(flow: Workflow, settings: Settings, job: JobSettings) -> Started:
    """The same, with its plan."""
    return start(LoadedWorkflow(flow, ()), settings, job, fresh=True)


def run(stream: Stream, settings: Settings, task: Task, batch: int | None = None) -> Run:
    """Do a task once: from the first prediction written to the last one readable with read_committed.

    The rate leaves out the records whose predictions were written in that first millisecond.
    """
    addresses = Addresses.find(settings)
    flow = workflow(f"bench_{time.time_ns() // 1_000_000}", stream, task, batch)
    topic = f"{flow.name}.predictions"
    with KafkaAdmin(addresses.kafka) as admin:
        admin.create(topic, PARTITIONS, {"message.timestamp.type": "LogAppendTime"})
    job = JobSettings(checkpoint_every=CHECKPOINT_EVERY, bounded=True)
    submitted = started(flow, settings, job)
    job_id = submitted.job_id
    with FlinkRest(addresses.flink) as flink:
        readable_at = last_rise(Stream(addresses.kafka, topic, stream.records), lambda: flink.state(job_id))
        finished(flink, job_id)
        checkpoints = flink.checkpoints(job_id)["history"]
    schema = json.dumps(submitted.plan.results["predictions"])
    found = Peer("verify", {"BENCH_SCHEMA": schema}).run(Stream(addresses.kafka, topic, stream.records))
    began_at = found["first_at_s"]
    within = [c for c in checkpoints if began_at <= c["trigger_timestamp"] / 1000 <= readable_at]
    rate = (found["read"] - found["first_records"]) / (readable_at - began_at)
    completed = sum(c["status"] == "COMPLETED" for c in within)
    return Run(rate, completed, found["read"], found["distinct"])


def measured(stream: Stream, settings: Settings, task: Task, tell: Tell, batch: int | None = None) -> float:
    """Records a second. Raises Fatal where it is not each record that has one prediction."""
    found = run(stream, settings, task, batch)
    learning = f"learn_many by {batch}" if batch else "record by record"
    said = f"{found.rate:,.0f}/s, {found.checkpoints} checkpoints, {found.distinct:,} distinct predictions"
    tell(f"Headrace, {task.name} {learning}: {said}")
    if not found.read == found.distinct == stream.records:
        raise Fatal(f"{stream.records} records gave {found.read} predictions, {found.distinct} of them distinct")
    if batch is None and found.checkpoints < LEAST_CHECKPOINTS:
        tell(f"only {found.checkpoints} checkpoints within the span: take more records")
    return found.rate


def finished(flink: FlinkRest, job_id: str) -> None:
    """Wait for the end of a job. Raises Fatal where it is another one than its input's."""
    while flink.state(job_id) not in ENDED:
        time.sleep(_OFTEN_S)
    if flink.state(job_id) != "FINISHED":
        raise Fatal(f"job {job_id} has not finished: {flink.failure(job_id)}")


def last_rise(stream: Stream, state: Callable[[], str]) -> float:
    """When the end that read_committed sees rose for the last time, once the job is over; seconds since the epoch."""
    consumer = kafka.KafkaConsumer(
        bootstrap_servers=stream.kafka, isolation_level="read_committed", enable_auto_commit=False
    )
    partitions = [kafka.TopicPartition(stream.topic, number) for number in range(PARTITIONS)]
    ends, rose_at = 0, time.time()
    try:
        while True:
            over = state() in ENDED
            now_ends = sum(consumer.end_offsets(partitions).values())
            if now_ends > ends:
                ends, rose_at = now_ends, time.time()
            if over:
                return rose_at
            time.sleep(_OFTEN_S if ends > stream.records / 2 else _SELDOM_S)
    finally:
        consumer.close(autocommit=False)
