"""What a source of Kafka topics is told, and how clients connect."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.settings import Settings, address
from schemas.errors import Fatal
from sources import GroupOffsets, KafkaTopic, Offsets, Span, TopicPattern
from sources.kafka_connection import Servers, connecting
from sources.kafka_properties import for_kafka_python

JAAS = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="me" password="a \\"b\\" c";'


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: KafkaTopic(""), "the name is empty"),
        (lambda: KafkaTopic(()), "the name is empty"),
        (lambda: KafkaTopic(("a", "a")), 'topic "a, a": one is named twice'),
        (lambda: TopicPattern("orders_("), r'topic pattern "orders_\("'),
        (lambda: KafkaTopic(TopicPattern("b.*")).topics(["a", "ab"]), 'topic pattern "b.*": matches no topic'),
        (lambda: KafkaTopic("a", heartbeat="0s"), 'heartbeat "0s" is no time'),
        (lambda: KafkaTopic("a", heartbeat="hourly"), "duration 'hourly'"),
        (
            lambda: Span("newest"),  # type: ignore[arg-type]
            'the start "newest" is none of earliest, latest',
        ),
        (lambda: Span(end=datetime(2013, 1, 1)), "the end 2013-01-01 00:00:00 has no time zone"),
        (
            lambda: GroupOffsets("g", "never"),  # type: ignore[arg-type]
            '"never" is none of earliest, latest',
        ),
        (lambda: Offsets({"a": {0: -1}}), 'topic "a": an offset or partition is negative'),
        (lambda: KafkaTopic("a", properties={"sasl.jaas.config": JAAS}), '"sasl.jaas.config" says how to connect'),
        (lambda: KafkaTopic("a", properties={"group.id": "mine"}), '"group.id" is for Headrace to set'),
    ],
)
def test_a_wrong_source_is_refused_in_a_sentence(make: Any, said: str) -> None:
    with pytest.raises(Fatal, match=said) as refused:
        make()
    assert "a b c" not in f"{refused.value} {refused.value.hint}"


def test_a_source_is_a_value() -> None:
    made = KafkaTopic(
        TopicPattern("a.*"), span=Span(datetime(2013, 1, 1, tzinfo=UTC)), properties={"fetch.min.bytes": "1"}
    )
    assert pickle.loads(pickle.dumps(made)) == made


@pytest.mark.parametrize("password", ["from the environment", "from the file"])
def test_how_to_connect_is_a_setting_and_never_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    properties = {"security.protocol": "SASL_SSL", "sasl.jaas.config": JAAS.replace("me", password)}
    monkeypatch.chdir(tmp_path)
    if "environment" in password:
        monkeypatch.setenv("HEADRACE_KAFKA_PROPERTIES", json.dumps(properties))
    else:
        lines = [f"{json.dumps(name)} = {json.dumps(value)}\n" for name, value in properties.items()]
        Path("headrace.toml").write_text("[kafka_properties]\n" + "".join(lines))
    settings = Settings.load(kafka="broker-1:9093")
    servers = address(settings, "kafka")
    assert isinstance(servers, Servers)
    assert servers.properties == properties
    for said in (repr(settings), str(settings), repr(servers), str(servers), f"{servers}"):
        assert password not in said
    assert pickle.loads(pickle.dumps(servers)).properties == properties


def test_kafka_python_is_told_the_same() -> None:
    connected = connecting(
        Servers(
            "broker-1:9093",
            {
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": "SCRAM-SHA-512",
                "sasl.jaas.config": JAAS,
                "ssl.truststore.type": "PEM",
                "ssl.truststore.location": "/ca.pem",
                "ssl.endpoint.identification.algorithm": "",
            },
        )
    )
    assert connected.pop("bootstrap_timeout_ms") > 0
    assert connected == {
        "bootstrap_servers": "broker-1:9093",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "me",
        "sasl_plain_password": 'a "b" c',
        "ssl_cafile": "/ca.pem",
        "ssl_check_hostname": False,
    }


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"sasl.jaas": JAAS}, '"sasl.jaas": not known'),
        ({"ssl.truststore.location": "/ca.jks"}, '"ssl.truststore.location": of what type'),
        ({"ssl.keystore.type": "JKS"}, '"ssl.keystore.type": JKS is for Java alone'),
        ({"sasl.jaas.config": "Krb5LoginModule required;"}, "has no username="),
    ],
)
def test_what_one_of_the_clients_cannot_do_is_refused(properties: dict[str, str], said: str) -> None:
    with pytest.raises(Fatal, match=said):
        for_kafka_python(properties)
