"""Who starts a workflow right now: one process at a time, so that no workflow runs twice."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import psutil
import sqlalchemy as sql

from schemas.errors import Fatal

LONGEST_START = timedelta(minutes=10)  # of a process on another machine, which cannot be looked at

METADATA = sql.MetaData()
_CLAIMS = sql.Table(
    "claims",
    METADATA,
    sql.Column("workflow", sql.String, primary_key=True),
    sql.Column("host", sql.String, nullable=False),
    sql.Column("pid", sql.Integer, nullable=False),
    sql.Column("began_ms", sql.BigInteger, nullable=False),
    sql.Column("claimed_ms", sql.BigInteger, nullable=False),
)


@dataclass(frozen=True)
class Claim:
    """A workflow that a process is about to start; instants in ms since the epoch."""

    workflow: str
    host: str
    pid: int
    began_ms: int
    claimed_ms: int

    @staticmethod
    def ours(workflow: str) -> Claim:
        return Claim(workflow, socket.gethostname(), os.getpid(), _began_ms(os.getpid()) or 0, _now_ms())

    @property
    def is_stale(self) -> bool:
        """Whether its process has ended without taking it back."""
        if self.host != socket.gethostname():
            return _now_ms() - self.claimed_ms > LONGEST_START.total_seconds() * 1000
        return _began_ms(self.pid) != self.began_ms


@contextmanager
def claimed(engine: sql.Engine, workflow: str) -> Iterator[None]:
    """Inside it no other process starts this workflow. Raises Fatal where another one does."""
    claim = Claim.ours(workflow)
    while (other := _take(engine, claim)) is not None:
        if not other.is_stale:
            raise Fatal(
                f'workflow "{workflow}": process {other.pid} on {other.host} is starting it right now',
                hint="wait until it runs",
            )
        _give_back(engine, other)
    try:
        yield
    finally:
        _give_back(engine, claim)


def _take(engine: sql.Engine, claim: Claim) -> Claim | None:
    """Make a claim; if there is one already, that one."""
    while True:
        try:
            with engine.begin() as connection:
                connection.execute(sql.insert(_CLAIMS).values(**asdict(claim)))
            return None
        except sql.exc.IntegrityError:
            with engine.connect() as connection:
                query = sql.select(_CLAIMS).where(_CLAIMS.c.workflow == claim.workflow)
                row = connection.execute(query).mappings().first()
            if row is not None:
                return Claim(**row)


def _give_back(engine: sql.Engine, claim: Claim) -> None:
    same = [_CLAIMS.c[name] == value for name, value in asdict(claim).items()]
    with engine.begin() as connection:
        connection.execute(sql.delete(_CLAIMS).where(*same))


def _began_ms(pid: int) -> int | None:
    """When a process began, which tells it from a later one of the same number; None if there is none."""
    try:
        return int(psutil.Process(pid).create_time() * 1000)
    except psutil.NoSuchProcess:
        return None


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
