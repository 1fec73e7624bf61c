"""No key, password or token is part of the repository, and none can enter an image."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.deploy.documents import BASE, OVERLAY, ROOT, compose, documents, stages

PRIVATE_KEY = re.compile("-----BEGIN [A-Z ]*" + "PRIVATE KEY-----")
ASSIGNED = re.compile(r"(?i)\b\w*(password|passwd|secret_key|access_key|token)\s*[:=]\s*[\"']?[A-Za-z0-9+/_-]{8,}")


def deployment_files() -> Iterator[Path]:
    """Yield the files that describe the deployment."""
    yield from (ROOT / name for name in ("Dockerfile", ".dockerignore", "compose.yaml", "docs/deploy.md"))
    yield from (path for path in (ROOT / "k8s").rglob("*") if path.is_file())


def test_no_secret_object_is_declared() -> None:
    assert not [it for folder in (BASE, OVERLAY) for it in documents(folder) if it["kind"] == "Secret"]


def test_no_value_of_a_secret_is_written_down() -> None:
    for path in deployment_files():
        assert not PRIVATE_KEY.search(path.read_text()), path
        assert not ASSIGNED.search(path.read_text()), path


def test_the_search_finds_what_it_looks_for() -> None:
    assert ASSIGNED.search("REDIS_PASSWORD: hunter2hunter2")
    assert PRIVATE_KEY.search("-----BEGIN EC " + "PRIVATE KEY-----")


def test_secrets_are_paths_in_every_environment() -> None:
    for service in compose()["services"].values():
        environment = service.get("environment", {})
        assert environment.get("HEADRACE_SIGNING_KEY", "/keys/signing.key") == "/keys/signing.key"
        assert environment.get("HEADRACE_INGEST_TOKENS", "/keys/ingest.tokens") == "/keys/ingest.tokens"
    assert not [it for stage in stages().values() for it in stage.arguments("ENV") if "_KEY" in it or "_TOKEN" in it]
    assert not [stage.name for stage in stages().values() if stage.arguments("ARG")]


def test_only_what_is_named_enters_the_build() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    admitted = {line[1:] for line in lines if line.startswith("!")}
    assert admitted == {
        "LICENSE", "pyproject.toml", "locks/runtime.txt", "jars",
        "engine", "models", "schemas", "sinks", "sources", "workflows",
    }  # fmt: skip
    assert {"**/*.key", "**/*.pem"} <= set(lines)


def test_images_end_as_a_user_without_rights() -> None:
    for target in ("services", "flink"):
        (user,) = stages()[target].arguments("USER")
        assert int(user.partition(":")[0]) > 0
