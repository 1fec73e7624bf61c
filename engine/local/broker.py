"""Kafka: the real broker, one node that is its own controller."""

from __future__ import annotations

import base64
import os
import shlex
import uuid
from collections.abc import Mapping

from engine.jars import java, kafka_classpath
from engine.local.home import Home
from engine.local.logging_config import write_logging_config
from engine.local.part import Part

_HEAP = ("-Xms128m", "-Xmx448m", "-XX:+UseSerialGC", "-XX:MaxMetaspaceSize=128m")


def broker(home: Home, ports: Mapping[str, int]) -> Part:
    """Write the broker's configuration and describe its process; it formats its storage when it first starts."""
    data = home.data / "kafka"
    config = home.config / "kafka.properties"
    config.write_text("".join(f"{key}={value}\n" for key, value in _properties(str(data), ports).items()))
    run = [str(java()), *_HEAP, f"-Dlog4j.configurationFile={write_logging_config(home)}"]
    format_storage = [*run, "kafka.tools.StorageTool", "format", "-t", _cluster_id(), "-c", str(config)]
    script = (
        f"test -f {shlex.quote(str(data / 'meta.properties'))} || {shlex.join(format_storage)} || exit 1; "
        f"exec {shlex.join([*run, 'kafka.Kafka', str(config)])}"
    )
    return Part(
        "kafka", "kafka", ("/bin/sh", "-c", script), {"CLASSPATH": os.pathsep.join(map(str, kafka_classpath()))}
    )


def _properties(data: str, ports: Mapping[str, int]) -> dict[str, object]:
    address = f"127.0.0.1:{ports['kafka']}"
    controller = f"127.0.0.1:{ports['kafka_controller']}"
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{address},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{address}",
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": 0,
        "num.network.threads": 2,
        "num.io.threads": 4,
        # one node keeps one copy, and few partitions of the topics that the broker keeps for itself start faster
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # a quarter of the heap otherwise
        "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
    }


def _cluster_id() -> str:
    # the command line takes an id that begins with a dash for an option
    return "h" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[:21]
