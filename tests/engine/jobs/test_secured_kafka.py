"""A workflow over a broker with SASL and TLS: source, sink and our own clients tell it who they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.jobs.loading import LoadedWorkflow
from engine.jobs.running import start
from engine.local.platform import Platform
from engine.settings import Settings
from schemas.errors import HeadraceError
from sources.kafka_admin import KafkaAdmin
from sources.kafka_connection import Servers
from sources.kafka_reader import TopicReader
from tests.engine.jobs.readings import apart, feed, readings
from tests.engine.jobs.trial import EACH_SECOND, Trial, workflow
from tests.kafka_sockets import leave_to_the_collector
from tests.sources.secured import PASSWORD, login, secured_broker

pytestmark = pytest.mark.services


def test_a_workflow_reads_and_writes_where_a_password_is_asked_for_and_a_certificate_is_shown(
    platform: Platform, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with secured_broker(tmp_path) as servers, feed(platform, kafka=servers) as stream:
        leave_to_the_collector(request.config, servers)
        stream.pour(apart(readings(200)))
        settings = Settings.load(home=platform.home, kafka=str(servers), kafka_properties=dict(servers.properties))
        started = start(LoadedWorkflow(workflow(stream), ()), settings, replace(EACH_SECOND, bounded=True))
        trial = Trial(platform, started)
        trial.wait_until_ended()
        with TopicReader(servers, f"{trial.name}.predictions") as reader:
            assert len(list(reader.until_end())) == 200
        untrusted = {name: value for name, value in servers.properties.items() if not name.startswith("ssl.")}
        wrong = {**servers.properties, "sasl.jaas.config": login("wrong")}
        for stranger in (str(servers), Servers(servers, untrusted), Servers(servers, wrong)):
            with pytest.raises(HeadraceError), KafkaAdmin(stranger) as admin:
                admin.topics()
    logs = [path for path in platform.home.rglob("*") if path.suffix in (".log", ".out", ".txt", ".yaml", ".json")]
    assert logs
    assert not [path for path in logs if PASSWORD in path.read_text(errors="replace")]
