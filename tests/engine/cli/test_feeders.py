from __future__ import annotations

import json
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest

from engine.local.platform import Platform
from schemas.codec import Decoder
from schemas.registry import Registry
from sources.kafka_reader import TopicReader
from tests.engine.cli.test_commands import headrace
from tests.waiting import PATIENCE_S, wait_until

WORKFLOW = """
from engine.workflow import Workflow
from river import preprocessing
from sources import Clockwork, Files, Generator, KafkaTopic

flow = Workflow("fed")
planes = flow.source("planes", KafkaTopic("{topic}", fed_by=Files("{folder}/*.csv", null=("NA",), partitions=1)))
pages = KafkaTopic("{topic}.pages", schema="phishing", event_time="seen_at", fed_by={pages})
flow.source("pages", pages)
flow.source("plain", KafkaTopic("plain", schema="phishing"))
flow.pipeline("scaled", planes, preprocessing.StandardScaler())
"""


@pytest.fixture
def topic() -> str:
    return f"planes_{uuid4().hex[:8]}"


def workflow(folder: Path, topic: str, pages: str) -> str:
    """A workflow file with two sources that are fed, and one that is not."""
    (folder / "planes.csv").write_text("tailnum,seats\nN10156,55\nN102UW,182\nN10575,NA\n")
    file = folder / f"{topic}.py"
    file.write_text(WORKFLOW.format(topic=topic, folder=folder, pages=pages))
    return str(file)


@pytest.mark.services
def test_it_feeds_all_sources_and_says_what_it_inferred(platform: Platform, tmp_path: Path, topic: str) -> None:
    file = workflow(tmp_path, topic, 'Generator("phishing", Clockwork("seen_at"), records=500)')
    done = headrace("feeders", file, "--json", "--home", str(platform.home))
    assert done.returncode == 0, done.stderr
    fed = json.loads(done.stdout)
    assert {name: (said["records"], said["complete"]) for name, said in fed.items()} == {
        "planes": (3, True),
        "pages": (500, True),
    }
    with Registry(platform.addresses.registry) as registry, TopicReader(platform.addresses.kafka, topic) as reader:
        schema = registry.latest(f"{topic}-value").schema
        decoder = Decoder(schema, registry.schema)
        planes = [decoder.decode(record.value) for record in reader.until_end()]
    assert planes == [
        {"tailnum": "N10156", "seats": 55},
        {"tailnum": "N102UW", "seats": 182},
        {"tailnum": "N10575", "seats": None},
    ]
    said = done.stderr.replace("\n", "").replace(" ", "")
    assert 'source"planes"hasnoschema,sothisonewasinferred:' in said
    assert json.dumps(schema, separators=(",", ":")) in said
    again = headrace("feeders", file, "--once", "--source", "planes", "--home", str(platform.home))
    assert f'source "planes": 0 records to topic "{topic}"' in again.stdout


@pytest.mark.services
def test_ctrl_c_ends_it_in_order_and_the_next_one_goes_on(platform: Platform, tmp_path: Path, topic: str) -> None:
    file = workflow(tmp_path, topic, 'Generator("phishing", Clockwork("seen_at"), rate=2000, partitions=1)')
    command = [
        sys.executable,
        "-c",
        "from engine.cli import main; main()",
        "feeders",
        file,
        "--source",
        "pages",
        "--json",
    ]
    seen = list[float]()
    for _ in range(2):
        before = len(seen)
        with subprocess.Popen(
            [*command, "--home", str(platform.home)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as running:
            wait_until(lambda before=before: len(committed(platform, f"{topic}.pages")) > before + 500)  # type: ignore[misc]
            running.send_signal(signal.SIGINT)
            said, _ = running.communicate(timeout=PATIENCE_S)
        assert running.returncode == 130
        seen = committed(platform, f"{topic}.pages")
        assert json.loads(said)["pages"]["records"] == len(seen) - before
    assert len(seen) > 1_000
    assert [later - earlier for earlier, later in pairwise(seen)] == [1.0] * (len(seen) - 1)


def committed(platform: Platform, topic: str) -> list[float]:
    """The event times in a topic, in seconds; nothing before it is there."""
    with Registry(platform.addresses.registry) as registry:
        if f"{topic}-value" not in registry.subjects():
            return []
        decoder = Decoder(registry.latest(f"{topic}-value").schema, registry.schema)
        with TopicReader(platform.addresses.kafka, topic) as reader:
            return [decoder.decode(record.value)["seen_at"].timestamp() for record in reader.until_end()]


@pytest.mark.parametrize(("source", "said"), [("plain", 'source "plain": is not fed'), ("none", 'source "none"')])
def test_a_source_that_nothing_feeds_is_named(tmp_path: Path, topic: str, source: str, said: str) -> None:
    file = workflow(tmp_path, topic, "None")
    done = headrace("feeders", file, "--source", source, "--kafka", "127.0.0.1:1", "--registry", "http://127.0.0.1:1")
    assert done.returncode == 1
    assert said in done.stderr
    assert "fed sources here: planes" in done.stderr
