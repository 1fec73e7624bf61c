from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.avro import canonical, parse
from schemas.errors import Fatal
from schemas.registry_service import Store, open_store
from schemas.scan import InvalidSchema

ROOT = Path(__file__).parents[2]
TEXT = json.dumps({"type": "string"})


@pytest.fixture(scope="module")
def http(registry_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=registry_url, trust_env=False) as client:
        yield client


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'registry.db'}") as opened:
        yield opened


def error_code(response: httpx.Response) -> tuple[int, int]:
    assert response.headers["content-type"] == "application/vnd.schemaregistry.v1+json"
    answer = response.json()
    assert answer.keys() == {"error_code", "message"}
    return response.status_code, answer["error_code"]


def test_a_producers_requests_are_answered(http: httpx.Client) -> None:
    media_type = {"content-type": "application/vnd.schemaregistry.v1+json"}
    registered = http.post("/subjects/a-value/versions", content=json.dumps({"schema": TEXT}), headers=media_type)
    id_ = registered.json()["id"]
    known = {"subject": "a-value", "version": 1, "id": id_, "schema": '{"type":"string"}'}
    assert http.post("/subjects/a-value", json={"schema": ' {"type" : "string"}'}).json() == known
    assert http.get("/subjects/a-value/versions").json() == [1]
    for version in ("1", "latest", "-1"):
        assert http.get(f"/subjects/a-value/versions/{version}").json() == known
    assert http.get(f"/schemas/ids/{id_}").json() == {"schema": '{"type":"string"}'}
    assert http.get("/config").json() == {"compatibilityLevel": "NONE"}
    assert "a-value" in http.get("/subjects").json()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/subjects/nobody/versions", (404, 40401)),
        ("/subjects/nobody/versions/latest", (404, 40401)),
        ("/subjects/somebody/versions/2", (404, 40402)),
        ("/subjects/somebody/versions/0", (422, 42202)),
        ("/subjects/somebody/versions/newest", (422, 42202)),
        ("/subjects/somebody/versions/99999999999999999999", (422, 42202)),
        ("/schemas/ids/2000000000", (404, 40403)),
        ("/schemas/ids/99999999999999999999", (404, 40403)),
        ("/associations/subjects/somebody", (404, 404)),
        ("/", (404, 404)),
    ],
)
def test_what_is_not_there_has_confluents_code(http: httpx.Client, path: str, expected: tuple[int, int]) -> None:
    http.post("/subjects/somebody/versions", json={"schema": TEXT})
    assert error_code(http.get(path)) == expected


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"schema": 5},
        {"schema": "no JSON"},
        {"schema": '{"type": "nonsense"}'},
        {"schema": TEXT, "schemaType": "PROTOBUF"},
        {"schema": TEXT, "references": [{"name": "a"}]},
        {"schema": "[" * 100_000},
        {"schema": '{"type": "string", "x": NaN}'},
        [],
    ],
)
def test_what_is_no_schema_is_refused(http: httpx.Client, body: Any) -> None:
    assert error_code(http.post("/subjects/a/versions", json=body)) == (422, 42201)
    assert error_code(http.post("/subjects/a", json=body)) == (422, 42201)


def test_a_method_that_is_not_offered_is_refused(http: httpx.Client) -> None:
    assert error_code(http.delete("/subjects/a-value/versions")) == (405, 405)


def test_health_and_metrics_are_shown(http: httpx.Client) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    assert "python_info" in http.get("/metrics").text


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from(["string", "record", "fixed", "array", "map"]),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["type", "name", "fields", "items", "values", "size", "symbols", "default", "namespace"]),
            inner,
        )
    ),
)


@given(_json)
@settings(max_examples=300)
def test_any_json_is_a_schema_or_invalid(schema: Any) -> None:
    with suppress(InvalidSchema):
        assert parse(schema) is not None


def test_registrations_at_once_agree(store: Store) -> None:
    def register(number: int) -> int:
        text = canonical({"type": "fixed", "name": "f", "size": number % 4})
        return store.register("s", text, text).id

    with ThreadPoolExecutor(8) as threads:
        ids = list(threads.map(register, range(40)))
    assert ids == ids[:4] * 10
    assert len(set(ids)) == 4
    assert store.versions("s") == [1, 2, 3, 4]


def test_a_database_keeps_what_it_was_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'registry.db'}"
    with open_store(url) as store:
        stored = store.register("s", TEXT, TEXT)
    with open_store(url) as store:
        assert store.latest("s") == stored


@pytest.mark.parametrize("url", ["", "nonsense", "nonsense://x", "sqlite:////no/such/folder/registry.db"])
def test_a_database_that_cannot_be_opened_is_fatal(url: str) -> None:
    with pytest.raises(Fatal, match="database"), open_store(url):
        pass


def test_the_command_serves_until_told_to_stop(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "schemas.registry_service", "--port", "0"]
    command += ["--database", f"sqlite:///{tmp_path / 'registry.db'}"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        url = next(match[1] for line in process.stderr if (match := re.search(r"running on (http://\S+)", line)))
        assert httpx.get(f"{url}/subjects", trust_env=False).json() == []
        process.terminate()
        process.stderr.read()
    assert process.returncode in (0, -15)


def test_the_command_says_what_is_wrong_with_its_database(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "schemas.registry_service", "--database", f"sqlite:///{tmp_path}/no/r.db"]
    done = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("database")
