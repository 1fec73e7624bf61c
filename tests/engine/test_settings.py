from __future__ import annotations

from pathlib import Path

import pytest

from engine.platform_file import PlatformFile
from engine.settings import SERVICES, Addresses, JobAddresses, Settings, address
from schemas.errors import Fatal


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_an_option_wins_over_the_environment_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("headrace.toml").write_text(
        'kafka = "file:1"\nredis = "redis://file"\nregistry = "http://file"\nproduction = true\n[ports]\nkafka = 9092\n'
    )
    monkeypatch.setenv("HEADRACE_KAFKA", "environment:1")
    monkeypatch.setenv("HEADRACE_REDIS", "redis://environment")
    settings = Settings.load(kafka="option:1")
    assert (settings.kafka, settings.redis, settings.registry) == ("option:1", "redis://environment", "http://file")
    assert settings.production
    assert settings.ports == {"kafka": 9092}


def test_modules_are_words_in_the_environment_and_a_list_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("headrace.toml").write_text('allowed_modules = ["mine", "yours"]\n')
    assert Settings.load().allowed_modules == ("mine", "yours")
    monkeypatch.setenv("HEADRACE_ALLOWED_MODULES", "mine yours")
    assert Settings.load().allowed_modules == ("mine", "yours")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kafka = "nowhere"', 'setting "kafka": "nowhere" is not host:port'),
        ('redis = "cache:6379"', 'setting "redis": "cache:6379" is not a URL'),
        ('flink = "jobs:8081"', 'setting "flink": "jobs:8081" is not a URL'),
        ("[ports]\nkafka = 70000", 'setting "ports.kafka": Input should be less than'),
        ('kafak = "broker:9092"', 'setting "kafak": there is none of that name'),
        ("kafka = ", 'file "headrace.toml": '),
    ],
)
def test_a_wrong_setting_is_named(text: str, said: str) -> None:
    Path("headrace.toml").write_text(text)
    with pytest.raises(Fatal) as caught:
        Settings.load()
    assert caught.value.message.startswith(said)


def test_what_is_not_given_is_the_running_platforms(tmp_path: Path) -> None:
    local = {service: f"{service}:1" for service in SERVICES}
    PlatformFile(ports={"kafka": 1}, addresses=local).save(tmp_path)
    settings = Settings.load(home=tmp_path, redis="redis://elsewhere")
    assert Addresses.find(settings) == Addresses(**{**local, "redis": "redis://elsewhere"})


def test_a_job_asks_for_no_address_that_it_does_not_use(tmp_path: Path) -> None:
    given = {"kafka": "k:1", "redis": "redis://r", "registry": "http://r", "flink": "http://f"}
    assert JobAddresses.find(Settings.load(home=tmp_path, **given)) == JobAddresses(**given)


def test_without_a_platform_there_is_no_address(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match='no address of "kafka"') as caught:
        address(Settings.load(home=tmp_path), "kafka")
    assert "headrace up" in caught.value.hint


def test_a_damaged_platform_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / "platform.json").write_text("{")
    with pytest.raises(Fatal, match="is damaged"):
        PlatformFile.load(tmp_path)
