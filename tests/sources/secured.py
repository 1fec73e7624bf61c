"""A real broker that wants to know who asks, and proves who it is."""

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


def login(password: str) -> str:
    return f'{_PLAIN} username="headrace" password="{password}";'


@contextmanager
def secured_broker(folder: Path) -> Iterator[Servers]:
    """A broker with SASL over TLS, and how its one user connects."""
    ports = choose_ports({}, {})
    address, controller = f"127.0.0.1:{ports['kafka']}", f"127.0.0.1:{ports['kafka_controller']}"
    users = f'{_PLAIN} username="broker" password="own" user_broker="own" user_headrace="{PASSWORD}";'
    keys, certificate = _certified(folder)
    config = folder / "kafka.properties"
    config.write_text(
        "process.roles=broker,controller\nnode.id=1\ncontroller.listener.names=CONTROLLER\n"
        f"controller.quorum.voters=1@{controller}\nlog.dirs={folder / 'data'}\n"
        f"listeners=SASL_SSL://{address},CONTROLLER://{controller}\nadvertised.listeners=SASL_SSL://{address}\n"
        "listener.security.protocol.map=CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL\n"
        "security.inter.broker.protocol=SASL_SSL\nsasl.mechanism.inter.broker.protocol=PLAIN\n"
        f"ssl.keystore.type=PKCS12\nssl.keystore.location={keys}\nssl.keystore.password=for-a-test\n"
        f"ssl.truststore.type=PEM\nssl.truststore.location={certificate}\n"
        f"sasl.enabled.mechanisms=PLAIN\nlistener.name.sasl_ssl.plain.sasl.jaas.config={users}\n"
        "offsets.topic.replication.factor=1\noffsets.topic.num.partitions=1\ngroup.initial.rebalance.delay.ms=0\n"
        "transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n"
        "transaction.state.log.num.partitions=1\nlog.cleaner.dedupe.buffer.size=8388608\n"
    )
    environment = {**os.environ, "CLASSPATH": os.pathsep.join(map(str, kafka_classpath()))}
    program = [str(java()), "-Xmx256m", "-XX:+UseSerialGC"]
    format_ = [*program, "kafka.tools.StorageTool", "format", "-t", "hAAAAAAAAAAAAAAAAAAAAA", "-c", str(config)]
    subprocess.run(format_, env=environment, check=True, capture_output=True)
    who = {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "PLAIN",
        "sasl.jaas.config": login(PASSWORD),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(certificate),
    }
    servers = Servers(address, who)
    with (folder / "broker.log").open("wb") as log:
        broker = subprocess.Popen([*program, "kafka.Kafka", str(config)], env=environment, stdout=log, stderr=log)
        try:
            wait_until(lambda: _answers(servers))
            yield servers
        finally:
            broker.terminate()
            broker.wait()


def _certified(folder: Path) -> tuple[Path, Path]:
    """A key that signs for itself, and its certificate as text."""
    keys, certificate = folder / "broker.p12", folder / "broker.pem"
    tool = [str(java().with_name("keytool")), "-keystore", str(keys), "-storepass", "for-a-test", "-alias", "broker"]
    make = [*tool, "-genkeypair", "-keyalg", "EC", "-dname", "CN=127.0.0.1", "-ext", "san=ip:127.0.0.1", "-ext", "bc:c"]
    show = [*tool, "-exportcert", "-rfc", "-file", str(certificate)]
    for command in (make, show):
        subprocess.run(command, check=True, capture_output=True)
    return keys, certificate


def _answers(servers: Servers) -> bool:
    try:
        with KafkaAdmin(servers) as admin:
            return admin.topics() is not None
    except HeadraceError:
        return False
