"""A workflow over a broker that wants to know who asks: source, sink and our own clients tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.flink.configuration import JobSettings
from engine.jobs.loading import LoadedWorkflow
from engine.jobs.running import start
from engine.local.platform import Platform
from engine.settings import Settings
from schemas.errors import HeadraceError
from sources.kafka_admin import KafkaAdmin
from sources.kafka_connection import Servers
from sources.kafka_reader import TopicReader
from tests.engine.jobs.readings import apart, feed, readings
from tests.engine.jobs.trial import Trial, workflow
from tests.sources.secured import PASSWORD, WHO, secured_broker

pytestmark = pytest.mark.services


def test_a_workflow_reads_and_writes_where_a_password_is_asked_for(platform: Platform, tmp_path: Path) -> None:
    with secured_broker(tmp_path) as servers, feed(platform, kafka=servers) as stream:
        stream.pour(apart(readings(200)))
        settings = Settings.load(home=platform.home, kafka=str(servers), kafka_properties=WHO)
        started = start(LoadedWorkflow(workflow(stream), ()), settings, JobSettings(bounded=True))
        trial = Trial(platform, started)
        trial.wait_until_ended()
        with TopicReader(servers, f"{trial.name}.predictions") as reader:
            assert len(list(reader.until_end())) == 200
        for stranger in (str(servers), Servers(servers, {**WHO, "sasl.jaas.config": _other(WHO["sasl.jaas.config"])})):
            with pytest.raises(HeadraceError), KafkaAdmin(stranger) as admin:
                admin.topics()
    logs = [path for path in platform.home.rglob("*") if path.suffix in (".log", ".out", ".txt", ".yaml", ".json")]
    assert logs
    assert not [path for path in logs if PASSWORD in path.read_text(errors="replace")]


def _other(login: str) -> str:
    return login.replace(PASSWORD, "wrong")
