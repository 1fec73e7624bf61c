"""Runs on a Flink inside the JVM of this process, which stays warm for the runs that follow."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

from engine.flink import gateway
from engine.flink.cluster import Cluster
from engine.flink.configuration import JobSettings
from engine.flink.job import build, submit
from engine.flink.mini_cluster import MiniCluster
from engine.flink.rest import FlinkRest
from engine.flink.written import Then, WrittenTables, stretch_of
from engine.jobs.preparation import resolve
from engine.plan import Plan
from engine.settings import Settings
from engine.testing.excerpt import excerpt_of
from engine.testing.inputs import sources_of
from engine.testing.outcome import Outcome, Topics, dead_letters_of, results_of
from engine.testing.stores import features_of, models_of, redis
from engine.testing.tables import Table
from engine.testing.writing import Chunks, written
from engine.worker.spec import WorkerSpec
from engine.workflow import Workflow
from models.signing import signing_key
from sinks import Generations

NOBODY = "http://127.0.0.1:9"  # a registry that nobody asks, as all schemas are known
CHECKPOINT_EVERY = "100 ms"
WATERMARK_EVERY = "20 ms"
REQUEST_BYTES = 64 << 20


@dataclass(frozen=True)
class Warm:
    """A Flink that runs, and a folder for what tests leave behind."""

    flink: MiniCluster
    folder: Path


def run_in_process(workflow: Workflow, asked: tuple[str, ...], tables: Mapping[str, Table]) -> Outcome:
    """What a workflow makes of tables, at parallelism 1. Raises Fatal where it cannot run, or fails."""
    warm = _warm()
    settings = Settings.load(home=warm.folder)
    registry = settings.given().get("registry")
    excerpt = excerpt_of(workflow, asked, sources_of(workflow, tables, registry, warm.folder))
    plan = resolve(excerpt.workflow, None, warm.folder)
    with ExitStack() as resources:
        stored = plan.sinks.features or plan.sinks.models or any(part.lookups for part in plan.parts)
        redis_url = resources.enter_context(redis()) if stored else None
        spec = _spec(plan, redis_url, settings)
        ids = {name: next(iter(known)) for name, known in spec.known.items()}
        topics, restarts = _run(spec, written(plan, tables, ids), warm)
        return Outcome(
            results_of(plan, excerpt.asked, topics) | features_of(plan, redis_url),
            dead_letters_of(plan, topics),
            models_of(plan, redis_url, settings),
            restarts,
        )


@cache
def _warm() -> Warm:
    """Started by the first run of this process."""
    folder = Path(tempfile.mkdtemp(prefix="headrace-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    gateway.prepare(folder)
    return Warm(MiniCluster(), folder)


def _spec(plan: Plan, redis_url: str | None, settings: Settings) -> WorkerSpec:
    numbers = count(1)
    known = {stream.name: {next(numbers): stream.schema} for stream in plan.streams}
    output_ids = tuple(next(numbers) for _ in plan.topics)
    generation = 0
    if redis_url is not None:
        with Generations(redis_url, plan.workflow) as generations:
            generation = generations.next()
    signing_key(settings.signing_key_file, production=settings.production)  # makes it
    key = str(settings.signing_key_file)
    return WorkerSpec(plan, generation, known, output_ids, NOBODY, redis_url or "", key, compiled=settings.compiled)


def _run(spec: WorkerSpec, chunks: Chunks, warm: Warm) -> tuple[Topics, int]:
    """What a job writes to each topic, and how often it was restored."""
    plan, job, flink = spec.plan, _job_settings(chunks, warm.folder), warm.flink.url
    stretches = {source.name: {source.numbered[0]: stretch_of(chunks[source.name])} for source in plan.sources}
    cluster = Cluster("", NOBODY, stretches, REQUEST_BYTES, {})
    topics: dict[str, list[bytes]] = defaultdict(list)
    with WrittenTables(chunks, cluster, job) as outside, FlinkRest(flink) as rest:
        outside.begin(plan)
        job_id = submit(build(spec, cluster, job, flink, outside), plan.workflow)
        for topic, value in outside.collected(flink, job_id):
            topics[plan.topics[topic]].append(value)
        return topics, int(rest.checkpoints(job_id)["counts"]["restored"])


def _job_settings(chunks: Chunks, folder: Path) -> JobSettings:
    """Settings of a job that fails at the first failure that no table has asked for."""
    crashes = {step for table in chunks.values() for step, chunk in enumerate(table) if chunk.then is Then.CRASH}
    return JobSettings(
        mode="thread",
        checkpoint_every=CHECKPOINT_EVERY,
        checkpoints=(folder / "checkpoints").as_uri(),
        extra={
            "pipeline.jars": "",  # all of them are on the class path of the JVM
            "pipeline.auto-watermark-interval": WATERMARK_EVERY,
            "python.pythonpath": os.pathsep.join(path or os.getcwd() for path in sys.path),
            "restart-strategy.type": "fixed-delay",
            "restart-strategy.fixed-delay.attempts": str(len(crashes)),
            "restart-strategy.fixed-delay.delay": "10 ms",
        },
    )
