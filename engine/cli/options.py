"""Options that several commands share, and the settings they make."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[Path | None, typer.Option("--home", help="Folder of logs, data and configuration [.headrace].")]
Kafka = Annotated[str | None, typer.Option("--kafka", metavar="HOST:PORT", help="Use this Kafka.")]
Redis = Annotated[str | None, typer.Option("--redis", metavar="URL", help="Use this Redis.")]
Registry = Annotated[str | None, typer.Option("--registry", metavar="URL", help="Use this schema registry.")]
Flink = Annotated[str | None, typer.Option("--flink", metavar="URL", help="Use this Flink cluster.")]
Ingest = Annotated[str | None, typer.Option("--ingest", metavar="URL", help="Use this ingest service.")]
Scoring = Annotated[str | None, typer.Option("--scoring", metavar="URL", help="Use this scoring API.")]
