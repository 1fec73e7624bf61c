"""Settings of Kafka clients under the names that Kafka gives them, for its Java clients and for kafka-python."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from schemas.errors import Fatal

OURS = ("bootstrap.servers", "group.id", "isolation.level", "enable.auto.commit", "auto.offset.reset")
_CONNECTION = ("security.", "sasl.", "ssl.")
_KAFKA, _SHADED = "org.apache.kafka.", "org.apache.flink.kafka.shaded."
_NAMES = {
    "security.protocol": ["security_protocol"],
    "sasl.mechanism": ["sasl_mechanism"],
    "ssl.truststore.location": ["ssl_cafile"],
    "ssl.keystore.location": ["ssl_certfile", "ssl_keyfile"],
    "ssl.key.password": ["ssl_password"],
}
_STORE_TYPES = ("ssl.truststore.type", "ssl.keystore.type")
_HINT = 'HEADRACE_KAFKA_PROPERTIES, or [kafka_properties] in headrace.toml: "security.protocol" = "SASL_SSL"'


def refuse_connection_settings(topic: str, properties: Mapping[str, str]) -> None:
    """Raises Fatal for a setting that all clients of a platform share: a workflow file is no place for a secret."""
    for name in properties:
        if name.startswith(_CONNECTION):
            raise Fatal(f'topic "{topic}": "{name}" says how to connect', hint=_HINT)
        if name in OURS:
            raise Fatal(f'topic "{topic}": "{name}" is for Headrace to set')


def for_kafka_python(properties: Mapping[str, str]) -> dict[str, Any]:
    """The same way to connect as kafka-python's settings. Raises Fatal for what it has no counterpart of.

    >>> jaas = 'org.apache.kafka.common.security.plain.PlainLoginModule required username="me" password="hidden";'
    >>> for_kafka_python({"sasl.mechanism": "PLAIN", "sasl.jaas.config": jaas})
    {'sasl_mechanism': 'PLAIN', 'sasl_plain_username': 'me', 'sasl_plain_password': 'hidden'}
    """
    settings: dict[str, Any] = {}
    for name, value in properties.items():
        if name == "sasl.jaas.config":
            settings |= _login(value)
        elif name == "ssl.endpoint.identification.algorithm":
            settings["ssl_check_hostname"] = bool(value)
        elif name in _NAMES:
            settings |= dict.fromkeys(_NAMES[name], value)
        elif name in _STORE_TYPES:
            if value.upper() != "PEM":
                raise Fatal(
                    f'kafka property "{name}": {value} is for Java alone', hint=f'keep it as PEM: "{name}" = "PEM"'
                )
        else:
            known = ", ".join(
                sorted((*_NAMES, *_STORE_TYPES, "sasl.jaas.config", "ssl.endpoint.identification.algorithm"))
            )
            raise Fatal(f'kafka property "{name}": not known', hint=f"there are {known}")
    for store in ("ssl.truststore", "ssl.keystore"):
        if f"{store}.location" in properties and f"{store}.type" not in properties:
            raise Fatal(f'kafka property "{store}.location": of what type?', hint=f'"{store}.type" = "PEM"')
    return settings


def for_flink(properties: Mapping[str, str]) -> dict[str, str]:
    """The same way to connect for Flink's connector, which has Kafka's classes under names of its own.

    >>> for_flink({"sasl.jaas.config": "org.apache.kafka.common.Login required;"})
    {'sasl.jaas.config': 'org.apache.flink.kafka.shaded.org.apache.kafka.common.Login required;'}
    """
    return {name: re.sub(rf"(?<![\w.]){_KAFKA}", f"{_SHADED}{_KAFKA}", value) for name, value in properties.items()}


def _login(jaas: str) -> dict[str, str]:
    found = dict(re.findall(r'(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"', jaas))
    if not {"username", "password"} <= found.keys():
        raise Fatal('kafka property "sasl.jaas.config": has no username="..." password="..."')
    return {f"sasl_plain_{name}": re.sub(r"\\(.)", r"\1", found[name]) for name in ("username", "password")}
