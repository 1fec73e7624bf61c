"""A real broker that wants to know who asks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.jars import java, kafka_classpath
from engine.local.ports import choose_ports
from schemas.errors import HeadraceError
from sources.kafka_admin import KafkaAdmin
from sources.kafka_connection import Servers
from tests.waiting import wait_until

PASSWORD = "kept from the logs"
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
WHO = {
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "PLAIN",
    "sasl.jaas.config": f'{_PLAIN} username="headrace" password="{PASSWORD}";',
}


@contextmanager
def secured_broker(folder: Path) -> Iterator[Servers]:
    """A broker with SASL, and the one user who may connect."""
    ports = choose_ports({}, {})
    address, controller = f"127.0.0.1:{ports['kafka']}", f"127.0.0.1:{ports['kafka_controller']}"
    users = f'{_PLAIN} username="broker" password="own" user_broker="own" user_headrace="{PASSWORD}";'
    config = folder / "kafka.properties"
    config.write_text(
        "process.roles=broker,controller\nnode.id=1\ncontroller.listener.names=CONTROLLER\n"
        f"controller.quorum.voters=1@{controller}\nlog.dirs={folder / 'data'}\n"
        f"listeners=SASL_PLAINTEXT://{address},CONTROLLER://{controller}\nadvertised.listeners=SASL_PLAINTEXT://{address}\n"
        "listener.security.protocol.map=CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT\n"
        "security.inter.broker.protocol=SASL_PLAINTEXT\nsasl.mechanism.inter.broker.protocol=PLAIN\n"
        f"sasl.enabled.mechanisms=PLAIN\nlistener.name.sasl_plaintext.plain.sasl.jaas.config={users}\n"
        "offsets.topic.replication.factor=1\noffsets.topic.num.partitions=1\ngroup.initial.rebalance.delay.ms=0\n"
        "transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n"
        "transaction.state.log.num.partitions=1\nlog.cleaner.dedupe.buffer.size=8388608\n"
    )
    environment = {**os.environ, "CLASSPATH": os.pathsep.join(map(str, kafka_classpath()))}
    program = [str(java()), "-Xmx256m", "-XX:+UseSerialGC"]
    format_ = [*program, "kafka.tools.StorageTool", "format", "-t", "hAAAAAAAAAAAAAAAAAAAAA", "-c", str(config)]
    subprocess.run(format_, env=environment, check=True, capture_output=True)
    servers = Servers(address, WHO)
    with (folder / "broker.log").open("wb") as log:
        broker = subprocess.Popen([*program, "kafka.Kafka", str(config)], env=environment, stdout=log, stderr=log)
        try:
            wait_until(lambda: _answers(servers))
            yield servers
        finally:
            broker.terminate()
            broker.wait()


def _answers(servers: Servers) -> bool:
    try:
        with KafkaAdmin(servers) as admin:
            return admin.topics() is not None
    except HeadraceError:
        return False
