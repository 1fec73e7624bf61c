"""The README's request, sent to the platform's own service."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import httpx
import pytest

from engine.local.platform import Platform
from schemas.avro import load_schema
from sources.kafka_admin import KafkaAdmin
from tests.engine.ingest.running import Stop

ROOT = Path(__file__).parents[3]


@pytest.mark.services
def test_the_request_in_the_readme_is_accepted(platform: Platform, client: httpx.Client) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [command] = re.findall(r"```sh\n(curl [^`]*\$INGEST[^`]*)```", readme)
    curl, silent, url, header, content_type, data, body = shlex.split(command)
    assert (curl, silent, header, data) == ("curl", "-s", "-H", "-d")
    topic = Stop(platform, url.split("/")[2])
    with KafkaAdmin(platform.addresses.kafka) as admin:
        admin.create(topic.topic)
    topic.register(load_schema("phishing"))
    name, _, value = content_type.partition(": ")
    answer = client.post(url.removeprefix("$INGEST"), content=body.encode(), headers={name: value})
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "rejected": []})
