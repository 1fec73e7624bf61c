"""What the API's document shows is what the service does."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from engine.ingest import create_app
from engine.ingest.access import Access
from engine.ingest.command import service
from engine.ingest.formats import reading
from engine.ingest.limits import Limits
from engine.settings import Settings
from schemas.json_records import json_reader
from schemas.json_values import Unfit

INSTANT = {"type": "long", "logicalType": "timestamp-millis"}
FLIGHT: dict[str, Any] = {
    "type": "record",
    "name": "flight",
    "fields": [
        {"name": "flight_id", "type": "string"},
        {"name": "departed_at", "type": INSTANT},
        {"name": "origin", "type": "string"},
        {"name": "dep_delay", "type": ["null", "double"]},
    ],
}


@pytest.fixture(scope="module")
def operation() -> dict[str, Any]:
    """What the document says about writing records."""
    settings = Settings.load(kafka="127.0.0.1:1", registry="http://127.0.0.1:1")
    document = create_app(service(settings, Access(), Limits())).openapi()
    found: dict[str, Any] = document["paths"]["/topics/{topic}/records"]["post"]
    return found


def test_every_content_type_that_is_shown_is_known(operation: dict[str, Any]) -> None:
    shown = operation["requestBody"]["content"]
    assert all(reading(content_type) for content_type in shown)
    for example in shown["application/json"]["examples"].values():
        jsonschema.validate(example["value"], shown["application/json"]["schema"])
        records = example["value"] if isinstance(example["value"], list) else [example["value"]]
        assert all(json_reader(FLIGHT)(record) for record in records)


def test_the_answer_that_is_shown_is_one(operation: dict[str, Any]) -> None:
    shown = operation["responses"]["202"]["content"]["application/json"]
    jsonschema.validate(shown["example"], shown["schema"])
    flight = {"flight_id": "UA-1545", "departed_at": 0, "origin": "EWR", "dep_delay": "late"}
    with pytest.raises(Unfit) as caught:
        json_reader(FLIGHT)(flight)
    [rejected] = shown["example"]["rejected"]
    assert (rejected["field"], rejected["error"]) == (caught.value.field, caught.value.message)


def test_every_answer_is_described(operation: dict[str, Any]) -> None:
    assert operation["responses"].keys() >= {"202", "400", "401", "404", "413", "415", "422", "429", "503"}
