"""Records in every format arrive as they were sent, and each that does not fit is named; on the platform's service."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from io import BytesIO
from typing import Any

import fastavro
import httpx
import kafka
import orjson
import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from engine.local.platform import Platform
from schemas.codec import Encoder
from tests.engine.ingest.running import SCHEMA, Stop, stop, trip
from tests.waiting import wait_until

pytestmark = pytest.mark.services
TRIPS = [trip(1, "a"), trip(2), trip(3, "b") | {"legs": [1.5, 2.0]}]
WHOLE = [{"legs": []} | record for record in TRIPS]
MS = 1356998400000


def container(records: list[dict[str, Any]], codec: str = "null", schema: dict[str, Any] = SCHEMA) -> bytes:
    file = BytesIO()
    fastavro.writer(file, schema, [record | {"at": MS} for record in records], codec=codec)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", orjson.dumps(TRIPS)),
        ("application/json; charset=utf-8", orjson.dumps([record | {"at": MS} for record in TRIPS])),
        ("application/x-ndjson", b"\n".join(map(orjson.dumps, TRIPS)) + b"\r\n\n"),
        ("application/jsonl", b"\r\n".join(map(orjson.dumps, TRIPS))),
        ("avro/binary", container(WHOLE)),
        ("application/avro", container(WHOLE, "deflate")),
    ],
)
@pytest.mark.parametrize(("encoding", "pack"), [("identity", bytes), ("gzip", gzip.compress)])
def test_several_records_arrive(
    client: httpx.Client, topic: Stop, content_type: str, body: bytes, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    headers = {"content-type": content_type, "content-encoding": encoding}
    answer = client.post(topic.path, content=pack(body), headers=headers)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 3, "rejected": []})
    assert sorted(topic.records(), key=lambda record: record["number"]) == WHOLE


def test_one_object_arrives(client: httpx.Client, topic: Stop) -> None:
    assert client.post(topic.path, json=TRIPS[0]).json() == {"accepted": 1, "rejected": []}
    assert topic.records() == WHOLE[:1]


def test_one_framed_record_arrives_with_its_bytes(client: httpx.Client, topic: Stop) -> None:
    older = topic.register(SCHEMA)
    topic.register(SCHEMA | {"fields": [*SCHEMA["fields"], {"name": "price", "type": "double", "default": 0}]})
    value = Encoder(SCHEMA, older).encode(WHOLE[2] | {"at": MS})
    answer = client.post(topic.path, content=value, headers={"content-type": "avro/binary"})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    assert [record.value for record in topic.stored()] == [value]
    assert topic.records() == [WHOLE[2] | {"price": 0.0}]


def test_the_good_ones_are_written_and_the_others_named(client: httpx.Client, topic: Stop) -> None:
    lines = [
        orjson.dumps(trip(1)),
        b'{"number": 2,',
        orjson.dumps(trip(3) | {"number": "3"}),
        orjson.dumps(trip(4) | {"legs": [1, None]}),
        orjson.dumps(trip(5) | {"colour": "red"}),
        b'{"number": 6}',
        orjson.dumps([trip(7)]),
        orjson.dumps(trip(8)),
    ]
    answer = client.post(topic.path, content=b"\n".join(lines), headers={"content-type": "application/x-ndjson"})
    assert answer.status_code == 202
    rejected = answer.json()["rejected"]
    assert answer.json()["accepted"] == 2
    assert [(one["position"], one.get("field")) for one in rejected] == [
        (1, None), (2, "number"), (3, "legs[1]"), (4, "colour"), (5, "at"), (6, None),
    ]  # fmt: skip
    assert [one["error"].partition(",")[0] for one in rejected] == [
        "not JSON: unexpected end of data: line 1 column 14 (char 13)",
        'is "3"',
        "is null",
        "is not in the schema (it has at",
        "is missing",
        "is a list",
    ]
    assert topic.numbers() == [1, 8]


def test_of_a_file_the_good_ones_are_written(client: httpx.Client, topic: Stop) -> None:
    far = WHOLE[0] | {"number": 9, "at": 1 << 62}  # no calendar has this year
    file = BytesIO()
    fastavro.writer(file, SCHEMA, [WHOLE[0] | {"at": MS}, far, WHOLE[2] | {"at": MS}])
    answer = client.post(topic.path, content=file.getvalue(), headers={"content-type": "avro/binary"})
    assert answer.status_code == 202
    assert [one["position"] for one in answer.json()["rejected"]] == [1]
    assert topic.numbers() == [1, 3]


def test_none_accepted_is_an_error(client: httpx.Client, topic: Stop) -> None:
    answer = client.post(topic.path, json=[{}, trip(1) | {"number": 1.5}])
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert (said["title"], said["status"]) == ("none_accepted", 422)
    assert [one["field"] for one in said["rejected"]] == ["number", "number"]
    assert topic.stored() == []


def test_a_file_of_an_older_version_is_taken_and_of_a_strange_schema_is_not(client: httpx.Client, topic: Stop) -> None:
    [number, *others] = SCHEMA["fields"]
    newer = SCHEMA | {"fields": [number, *others, {"name": "price", "type": "double", "default": 0}]}
    topic.register(newer)
    topic.register(newer | {"doc": "the newest"})
    headers = {"content-type": "avro/binary"}
    assert client.post(topic.path, content=container(WHOLE[:1], schema=newer), headers=headers).status_code == 202
    assert client.post(topic.path, content=container(WHOLE[1:2]), headers=headers).status_code == 202
    strange = SCHEMA | {"fields": [number | {"doc": "another"}, *others[:2]]}
    answer = client.post(topic.path, content=container(WHOLE[2:], schema=strange), headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (400, "bad_request")
    assert f'no version of the schema of topic "{topic.topic}"' in answer.json()["detail"]
    found = sorted(topic.records(), key=lambda record: record["number"])
    assert found == [record | {"price": 0.0} for record in WHOLE[:2]]


def test_a_record_larger_than_the_topic_takes_is_rejected_alone(client: httpx.Client, topic: Stop) -> None:
    large = trip(2) | {"legs": [float(x) for x in range(200_000)]}
    answer = client.post(topic.path, json=[trip(1), large, trip(3)])
    assert answer.status_code == 202
    [rejected] = answer.json()["rejected"]
    assert (rejected["position"], "bytes, the topic takes 1048588" in rejected["error"]) == (1, True)
    assert topic.numbers() == [1, 3]


def test_many_records_fit_a_topic_that_takes_small_batches(client: httpx.Client, platform: Platform) -> None:
    topic = stop(platform, {"max.message.bytes": "2000"})
    trips = [trip(number, "x" * 500) for number in range(100)]
    answer = client.post(topic.path, json=[*trips, trip(100, "x" * 2_000)])
    assert (answer.status_code, answer.json()["accepted"]) == (202, 100)
    assert [one["position"] for one in answer.json()["rejected"]] == [100]
    assert topic.numbers() == list(range(100))


def test_a_compacted_topic_asks_for_a_key(client: httpx.Client, platform: Platform) -> None:
    topic = stop(platform, {"cleanup.policy": "compact"})
    answer = client.post(topic.path, json=trip(1))
    assert (answer.status_code, "has no key" in answer.json()["rejected"][0]["error"]) == (422, True)
    assert client.post(topic.path, params={"key": "car"}, json=trip(1, "a")).status_code == 202
    assert topic.numbers() == [1]


def shrink(kafka_address: str, topic: str) -> None:
    """Let a topic take records of 2,000 bytes only, which the service does not know for a while."""
    smaller = ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": "2000"})
    admin = kafka.KafkaAdminClient(bootstrap_servers=kafka_address)
    admin.alter_configs([smaller])
    admin.close()


def test_what_the_broker_refuses_all_the_same_is_named_and_the_next_is_taken(
    client: httpx.Client, platform: Platform
) -> None:
    topic = stop(platform)
    assert client.post(topic.path, json=trip(1)).status_code == 202
    shrink(platform.addresses.kafka, topic.topic)
    answers = []

    def is_refused() -> bool:
        answers.append(client.post(topic.path, json=trip(2, "x" * 5_000)))
        return answers[-1].status_code != 202

    wait_until(is_refused)  # the broker does as it was told a moment later
    said = answers[-1].json()
    assert (answers[-1].status_code, said["title"]) == (422, "none_accepted")
    assert "the topic takes" in said["rejected"][0]["error"]
    wait_until(lambda: client.post(topic.path, json=trip(3)).status_code == 202)
    numbers = topic.numbers()
    assert set(numbers) - {2} == {1, 3}
    assert numbers.count(2) == len(answers) - 1
