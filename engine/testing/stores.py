"""What a run has left in Redis: features and models."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from engine.local.redis_server import executable
from engine.plan import Plan
from engine.probes import check
from engine.settings import Settings
from engine.testing.outcome import Records
from models.allowlist import AllowList
from models.artifact import open_artifact
from models.signing import signing_key
from sinks import FeatureKey, FeatureReader, FeatureStore, ModelReader, ModelStore


@contextmanager
def redis() -> Iterator[str]:
    """The address of a Redis with nothing in it, as long as it is needed."""
    with TemporaryDirectory(prefix="headrace-redis-") as folder:
        socket = Path(folder) / "socket"
        options = {"--port": "0", "--unixsocket": str(socket), "--dir": folder, "--save": "", "--set-proc-title": "no"}
        command = [str(executable()), *(word for option in options.items() for word in option)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                check({"redis": f"unix://{socket}"})
                yield f"unix://{socket}"
            finally:
                server.terminate()


def features_of(plan: Plan, redis_url: str | None) -> dict[str, Records]:
    """The features that are read of each sink that stores some, by its name; in the order of the entities' values."""
    found: dict[str, Records] = {}
    if redis_url is None:
        return found
    with FeatureReader(redis_url) as reader:
        for sink in plan.sinks.features:
            entity = cast(FeatureStore, sink.sink).entity
            lookups = [FeatureKey(entity, value, sink.name) for value in reader.values(plan.workflow, entity)]
            rows = reader.read(plan.workflow, lookups)
            found[sink.name] = Records({entity: row.value, **row.features} for row in rows if row is not None)
    return found


def models_of(plan: Plan, redis_url: str | None, settings: Settings) -> dict[str, Any]:
    """The models that are live, by the names of their sinks, opened as the scoring API opens them."""
    found: dict[str, Any] = {}
    if redis_url is None:
        return found
    key = signing_key(settings.signing_key_file, production=settings.production)
    allowed = AllowList(settings.allowed_modules)
    with ModelReader(redis_url) as reader:
        for part in plan.parts:
            for sink in part.sinks.models:
                stored = [reader.fetch(cast(ModelStore, sink.sink).name, shard) for shard in range(part.shards)]
                models = [open_artifact(model.artifact, key, allowed)[1] for model in stored if model is not None]
                if part.shard_key is not None:
                    found[sink.name] = {value: model for shard in models for value, model in shard.items()}
                elif models:
                    found[sink.name] = models[0]
    return found
