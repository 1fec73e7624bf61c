"""Dead letters sent again: from the command to the checkpoint that holds them, and whether any was taken in twice."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from river import compose, linear_model, preprocessing

from benchmarks import figures
from benchmarks.figures import Row, Tell
from benchmarks.headrace_job import PARTITIONS, submit
from engine.flink.configuration import JobSettings
from engine.flink.rest import FlinkRest
from engine.jobs.progress import read_progress
from engine.settings import Addresses, Settings
from engine.workflow import Workflow
from schemas.avro import load_schema
from schemas.codec import Decoder, Encoder
from schemas.errors import Fatal
from schemas.registry import Registry
from schemas.wire import prediction_schema
from sinks import Topic
from sources import KafkaTopic
from sources.kafka_admin import KafkaAdmin
from sources.kafka_reader import TopicReader
from sources.kafka_writer import TopicWriter
from workflows.datasets import phishing

LETTERS = 100_000
HOUR_MS, LATEST_MS = 3_600_000, 1_700_000_000_000
PATIENCE_S, _POLL_S = 300.0, 0.5
_COMMAND = [sys.executable, "-c", "from engine.cli import main; main()", "dead", "redrive"]


def measure(settings: Settings, tell: Tell, letters: int = LETTERS) -> list[Row]:
    """Make records too late, let a job refuse them, then send them again by the command, once the job stands idle."""
    addresses = Addresses.find(settings)
    name = f"bench_redrive_{time.time_ns() // 1_000_000}"
    _fill(addresses, f"{name}.pages", letters)
    job_id = submit(_workflow(name), settings, JobSettings(checkpoint_every="1 s"))
    dead = f"{name}.dead"
    _wait_until(lambda: _refused(name, settings) >= letters and _count(addresses, dead) == letters)
    tell(f"{letters:,} dead letters are there")
    started = time.monotonic()
    command = [*_COMMAND, name, "--wait", "--home", str(settings.home)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    took_s = time.monotonic() - started
    with FlinkRest(addresses.flink) as flink:
        flink.stop(job_id, None, drain=True)
    read, distinct = _predictions(addresses, f"{name}.predictions")
    if not read == distinct == letters + PARTITIONS:
        raise Fatal(f"{letters + PARTITIONS} records gave {read} predictions, {distinct} of them distinct")
    tell(f"sent again and taken in after {took_s:.1f} s, {distinct:,} distinct predictions")
    how = "`headrace dead redrive --wait`, from its start to the checkpoint; one slot, predictions in transactions"
    return [figures.REDRIVE.row(took_s, how)]


def _workflow(name: str) -> Workflow:
    flow = Workflow(name, max_dead="100%")
    pages = flow.source("pages", KafkaTopic(f"{name}.pages", schema="phishing", event_time="seen_at"))
    scaled = compose.Discard("seen_at") | preprocessing.StandardScaler() | linear_model.LogisticRegression()
    flow.sink("predictions", flow.pipeline("model", pages, scaled, label="is_phishing"), Topic(f"{name}.predictions"))
    return flow


def _fill(addresses: Addresses, topic: str, letters: int) -> None:
    """A good record in each partition, and then only ones of an hour before."""
    schema, pages = load_schema("phishing"), list(phishing())
    with Registry(addresses.registry) as registry:
        encoder = Encoder(schema, registry.register(f"{topic}-value", schema))
    with KafkaAdmin(addresses.kafka) as admin:
        admin.create(topic, PARTITIONS)
    with TopicWriter(addresses.kafka) as writer:
        for number in range(letters + PARTITIONS):
            at = LATEST_MS if number < PARTITIONS else LATEST_MS - HOUR_MS + number
            value = encoder.encode({**pages[number % len(pages)], "seen_at": at})
            writer.write(topic, value, partition=number % PARTITIONS)
        writer.flush()


def _refused(workflow: str, settings: Settings) -> int:
    """What the workers have refused; to ask them is cheaper than to read the topic."""
    return read_progress(workflow, settings.metrics_folder).dead


def _count(addresses: Addresses, topic: str) -> int:
    """The committed records of a topic, less the markers behind them."""
    with TopicReader(addresses.kafka, topic) as reader:
        return sum(1 for _ in reader.until_end())


def _predictions(addresses: Addresses, topic: str) -> tuple[int, int]:
    with Registry(addresses.registry) as registry, TopicReader(addresses.kafka, topic) as reader:
        decoder = Decoder(prediction_schema("boolean"), registry.schema, scanned=True)
        said = [decoder.decode(record.value) for record in reader.until_end()]
    return len(said), len({(record["partition"], record["offset"]) for record in said})


def _wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        if time.monotonic() > deadline:
            raise Fatal(f"it did not happen within {PATIENCE_S:.0f} s")
        time.sleep(_POLL_S)
