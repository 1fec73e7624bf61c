"""Where the services are, and where our own files are: from options, the environment, or `headrace.toml`."""

from __future__ import annotations

import os.path
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from engine.platform_file import PlatformFile
from schemas.errors import Fatal
from sources.kafka_connection import Servers

SERVICES = ("kafka", "redis", "registry", "flink", "scoring", "ingest")


def _host_port(text: str) -> str:
    for server in text.split(","):
        host, _, port = server.strip().rpartition(":")
        if not host or not port.isdigit():
            raise ValueError(f'"{text}" is not host:port')
    return text


def _http_url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError(f'"{text}" is not a URL like http://host:port')
    return text.rstrip("/")


def _redis_url(text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError(f'"{text}" is not a URL like redis://host:port')
    return text


def _words(value: object) -> object:
    return value.split() if isinstance(value, str) else value


HostPort = Annotated[str, AfterValidator(_host_port)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
RedisUrl = Annotated[str, AfterValidator(_redis_url)]


class Settings(BaseSettings):
    """Everything that differs between one machine and another.

    An option of the command line wins over `HEADRACE_<NAME>` in the environment, and that over `headrace.toml` in the
    current folder. The address of a service that is None is the local platform's. `kafka_properties` say how all
    clients connect to Kafka, as in a file `client.properties`: security.protocol, sasl.mechanism, sasl.jaas.config ...
    `compiled` lets pipelines go by their compiled twins; without, river does all, and gives the same numbers.

    >>> Settings.load(kafka="broker-1:9092").kafka
    'broker-1:9092'
    >>> Settings.load(kafka="broker-1")
    Traceback (most recent call last):
    schemas.errors.Fatal: setting "kafka": "broker-1" is not host:port
    hint: correct --kafka, HEADRACE_KAFKA or headrace.toml
    """

    model_config = SettingsConfigDict(env_prefix="HEADRACE_", env_ignore_empty=True, extra="forbid", frozen=True)

    home: Annotated[Path, AfterValidator(lambda path: Path(os.path.abspath(path.expanduser())))] = Field(
        Path(".headrace"), validate_default=True
    )
    kafka: HostPort | None = None
    kafka_properties: dict[str, SecretStr] = {}
    redis: RedisUrl | None = None
    registry: HttpUrl | None = None
    flink: HttpUrl | None = None
    scoring: HttpUrl | None = None
    ingest: HttpUrl | None = None
    ports: dict[str, Annotated[int, Field(ge=1, le=65535)]] = {}
    signing_key: Path | None = None
    production: bool = False
    ingest_tokens: Path | None = None
    ingest_topics: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)] = ()
    allowed_modules: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)] = ()
    metadata: str | None = None
    archive: str | None = None
    checkpoints: str | None = None
    savepoints: str | None = None
    worker_metrics_host: str = "127.0.0.1"
    worker_metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    compiled: bool = True
    test_on: Literal["process", "cluster"] = "process"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources, the strongest first."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, "headrace.toml")

    @classmethod
    def load(cls, **options: object) -> Settings:
        """Read the settings; an option that is None was not given. Raises `Fatal` naming the setting that is wrong."""
        try:
            return cls(**{name: value for name, value in options.items() if value is not None})  # type: ignore[arg-type]
        except ValidationError as error:
            raise _wrong_setting(error) from None
        except tomllib.TOMLDecodeError as error:
            raise Fatal(f'file "headrace.toml": {error}') from None
        except SettingsError as error:
            raise Fatal(f"settings: {error}", hint="a setting of several values is written as JSON") from None

    @property
    def signing_key_file(self) -> Path:
        """Where the key is that signs models; outside production it is made there at first use."""
        return self.signing_key or self.home / "signing.key"

    @property
    def metadata_url(self) -> str:
        """Where the runs are recorded: a SQLAlchemy URL."""
        return self.metadata or f"sqlite:///{self.home / 'metadata.db'}"

    @property
    def metrics_folder(self) -> Path:
        """Where workers leave the addresses of their metrics."""
        return self.home / "metrics"

    def given(self) -> dict[str, str]:
        """Return the addresses of the services that run elsewhere.

        >>> Settings.load(redis="redis://cache:6379").given()
        {'redis': 'redis://cache:6379'}
        """
        found = {name: address for name in SERVICES if (address := getattr(self, name))}
        return found | ({"kafka": self.servers(self.kafka)} if self.kafka else {})

    def servers(self, kafka: str) -> Servers:
        """An address of Kafka, and with it how to connect."""
        return Servers(kafka, {name: value.get_secret_value() for name, value in self.kafka_properties.items()})


def _wrong_setting(error: ValidationError) -> Fatal:
    first = error.errors()[0]
    name = ".".join(map(str, first["loc"]))
    top = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        known = ", ".join(Settings.model_fields)
        return Fatal(f'setting "{name}": there is none of that name', hint=f"there are {known}")
    said = first["msg"].removeprefix("Value error, ")
    option = f"--{top}, " if top in (*SERVICES, "home") else ""
    return Fatal(f'setting "{name}": {said}', hint=f"correct {option}HEADRACE_{top.upper()} or headrace.toml")


def address(settings: Settings, service: str) -> str:
    """Return where one service answers: as given, else in the running local platform.

    >>> address(Settings.load(redis="redis://cache:6379"), "redis")
    'redis://cache:6379'
    """
    known = {**PlatformFile.load(settings.home).addresses, **settings.given()}
    if service not in known:
        raise Fatal(
            f'no address of "{service}", and no platform is up in {settings.home}',
            hint=f"start one with `headrace up`, or give --{service} (HEADRACE_{service.upper()})",
        )
    return settings.servers(known[service]) if service == "kafka" else known[service]


@dataclass(frozen=True)
class JobAddresses:
    """Where the services of a job answer: `kafka` as host:port, the others as URLs."""

    kafka: str
    redis: str
    registry: str
    flink: str

    @classmethod
    def find(cls, settings: Settings) -> Self:
        """Return the addresses that are given, and the running local platform's for the others."""
        return cls(**{service.name: address(settings, service.name) for service in fields(cls)})


@dataclass(frozen=True)
class Addresses(JobAddresses):
    """Where each service answers."""

    scoring: str
    ingest: str
