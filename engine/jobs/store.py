"""What is known of earlier runs: which job, which generation of features, and where its state is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import sqlalchemy as sql

from schemas.session import Session

_METADATA = sql.MetaData()
_RUNS = sql.Table(
    "runs",
    _METADATA,
    sql.Column("job_id", sql.String, primary_key=True),
    sql.Column("workflow", sql.String, nullable=False, index=True),
    sql.Column("generation", sql.Integer, nullable=False),
    sql.Column("definition", sql.String, nullable=False),
    sql.Column("started_at", sql.DateTime(timezone=True), nullable=False),
    sql.Column("restored_from", sql.String),
    sql.Column("savepoint", sql.String),
)


@dataclass(frozen=True)
class Run:
    """One submission of a workflow. `definition` is a digest of all that its state depends on."""

    job_id: str
    workflow: str
    generation: int
    definition: str
    started_at: datetime
    restored_from: str | None = None
    savepoint: str | None = None


class RunStore(Session):
    """Runs in a database, by SQLAlchemy URL; a context manager."""

    def __init__(self, url: str) -> None:
        self._engine = sql.create_engine(url)
        _METADATA.create_all(self._engine)

    def last(self, workflow: str) -> Run | None:
        query = sql.select(_RUNS).where(_RUNS.c.workflow == workflow).order_by(_RUNS.c.started_at.desc()).limit(1)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return Run(**row) if row else None

    def add(self, run: Run) -> None:
        with self._engine.begin() as connection:
            connection.execute(sql.insert(_RUNS).values(**asdict(run)))

    def stopped(self, job_id: str, savepoint: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(sql.update(_RUNS).where(_RUNS.c.job_id == job_id).values(savepoint=savepoint))

    def close(self) -> None:
        self._engine.dispose()


def now() -> datetime:
    """The time at which a run starts."""
    return datetime.now(UTC)
