"""What is known of earlier runs: which job, which generation of features, and where its state is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sql

from engine.jobs.claim import Claim
from engine.jobs.definition import NodeState, as_data
from schemas.errors import Fatal, HeadraceError, Retryable
from schemas.session import Session

_HINT = "correct HEADRACE_METADATA"
_METADATA = sql.MetaData()
_RUNS = sql.Table(
    "runs",
    _METADATA,
    sql.Column("job_id", sql.String, primary_key=True),
    sql.Column("workflow", sql.String, nullable=False, index=True),
    sql.Column("generation", sql.Integer, nullable=False),
    sql.Column("definition", sql.String, nullable=False),
    sql.Column("bounded", sql.Boolean, nullable=False),
    sql.Column("started_at", sql.DateTime(timezone=True), nullable=False),
    sql.Column("restored_from", sql.String),
    sql.Column("savepoint", sql.String),
)
_RANGES = sql.Table(  # of the runs that have one
    "ranges",
    _METADATA,
    sql.Column("job_id", sql.String, primary_key=True),
    sql.Column("event_range", sql.String, nullable=False),
)
_TOPICS = sql.Table(  # the numbers of the topics of sources with a pattern
    "topics",
    _METADATA,
    sql.Column("workflow", sql.String, primary_key=True),
    sql.Column("source", sql.String, primary_key=True),
    sql.Column("topic", sql.String, primary_key=True),
    sql.Column("number", sql.Integer, nullable=False),
)
_PARTS = sql.Table(
    "parts",
    _METADATA,
    sql.Column("job_id", sql.String, primary_key=True),
    sql.Column("parts", sql.JSON, nullable=False),
)
_CLAIMS = sql.Table(
    "claims",
    _METADATA,
    sql.Column("workflow", sql.String, primary_key=True),
    sql.Column("host", sql.String, nullable=False),
    sql.Column("pid", sql.Integer, nullable=False),
    sql.Column("began_ms", sql.BigInteger, nullable=False),
    sql.Column("claimed_ms", sql.BigInteger, nullable=False),
)


@dataclass(frozen=True)
class Run:
    """One submission of a workflow. `definition` is a digest of all that its state depends on.

    A `bounded` run may come to its end by itself; `event_range` are the event times that it is bounded to, if any.
    """

    job_id: str
    workflow: str
    generation: int
    definition: str
    bounded: bool
    started_at: datetime
    restored_from: str | None = None
    savepoint: str | None = None
    event_range: str = ""


def now() -> datetime:
    """The time at which a run starts."""
    return datetime.now(UTC)


class RunStore(Session):
    """Runs in a database, by SQLAlchemy URL; a context manager. Raises Retryable when the database is away, Fatal."""

    def __init__(self, url: str, clock: Callable[[], datetime] = now) -> None:
        self._clock = clock
        self._engine = _engine(url)
        with self._transaction() as connection:
            for table in _METADATA.sorted_tables:  # create_all() fails where another process is quicker
                connection.execute(sql.schema.CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    connection.execute(sql.schema.CreateIndex(index, if_not_exists=True))

    @contextmanager
    def claim(self, workflow: str) -> Iterator[None]:
        """Inside it no other process starts this workflow. Raises Fatal where another one does."""
        claim = Claim.ours(workflow, self._clock())
        while (other := self._take(claim)) is not None:
            if not other.is_stale(self._clock()):
                raise Fatal(
                    f'workflow "{workflow}": process {other.pid} on {other.host.split()[0]} is starting it right now',
                    hint="wait until it runs; if it was killed on another machine, for ten minutes",
                )
            self._give_back(other)
        try:
            yield
        finally:
            self._give_back(claim)

    def last(self, workflow: str) -> Run | None:
        ranged = sql.func.coalesce(_RANGES.c.event_range, "").label("event_range")
        query = sql.select(_RUNS, ranged).join(_RANGES, _RUNS.c.job_id == _RANGES.c.job_id, isouter=True)
        query = query.where(_RUNS.c.workflow == workflow).order_by(_RUNS.c.started_at.desc()).limit(1)
        with self._transaction() as connection:
            row = connection.execute(query).mappings().first()
        return Run(**row) if row else None

    def number_topics(self, workflow: str, source: str, topics: Sequence[str]) -> tuple[str, ...]:
        """All topics that a source of a workflow has ever had, each at its number: the new ones come behind the others.

        A workflow has to be claimed: two that number at once would give one number twice.
        """
        query = sql.select(_TOPICS.c.topic).where(_TOPICS.c.workflow == workflow, _TOPICS.c.source == source)
        with self._transaction() as connection:
            known = list(connection.execute(query.order_by(_TOPICS.c.number)).scalars())
            new = [topic for topic in topics if topic not in known]
            for number, topic in enumerate(new, len(known)):
                values = {"workflow": workflow, "source": source, "topic": topic, "number": number}
                connection.execute(sql.insert(_TOPICS).values(values))
        return (*known, *new)

    def states(self, job_id: str) -> tuple[NodeState, ...]:
        """What the state of a run depends on, node by node; nothing where the run is older than that is noted."""
        query = sql.select(_PARTS.c.parts).where(_PARTS.c.job_id == job_id)
        with self._transaction() as connection:
            parts = connection.execute(query).scalar()
        return tuple(NodeState(**part) for part in parts or ())

    def add(self, run: Run, parts: Sequence[NodeState] = ()) -> None:
        """Note a run, and what its state depends on."""
        with self._transaction() as connection:
            values = asdict(run)
            event_range = values.pop("event_range")
            connection.execute(sql.insert(_RUNS).values(**values))
            if event_range:
                connection.execute(sql.insert(_RANGES).values(job_id=run.job_id, event_range=event_range))
            connection.execute(sql.insert(_PARTS).values(job_id=run.job_id, parts=as_data(parts)))

    def stopped(self, job_id: str, savepoint: str) -> None:
        with self._transaction() as connection:
            connection.execute(sql.update(_RUNS).where(_RUNS.c.job_id == job_id).values(savepoint=savepoint))

    def _take(self, claim: Claim) -> Claim | None:
        """Make a claim; if there is one already, that one."""
        while True:
            try:
                with self._transaction() as connection:
                    connection.execute(sql.insert(_CLAIMS).values(**asdict(claim)))
                return None
            except sql.exc.IntegrityError:
                with self._transaction() as connection:
                    query = sql.select(_CLAIMS).where(_CLAIMS.c.workflow == claim.workflow)
                    row = connection.execute(query).mappings().first()
                if row is not None:
                    return Claim(**row)

    def _give_back(self, claim: Claim) -> None:
        same = [_CLAIMS.c[name] == value for name, value in asdict(claim).items()]
        with self._transaction() as connection:
            connection.execute(sql.delete(_CLAIMS).where(*same))

    @contextmanager
    def _transaction(self) -> Iterator[sql.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except sql.exc.IntegrityError:
            raise  # somebody else has been quicker
        except sql.exc.SQLAlchemyError as error:
            raise _translated(error, self._engine.url) from error

    def close(self) -> None:
        self._engine.dispose()


def _engine(text: str) -> sql.Engine:
    try:
        url = sql.make_url(text)
        engine = sql.create_engine(url)
    except (sql.exc.ArgumentError, ValueError):
        # their texts may repeat the URL, and with it a password
        raise Fatal('setting "metadata": not the URL of a database that SQLAlchemy knows', hint=_HINT) from None
    except ModuleNotFoundError as error:
        hint = f"install it, or {_HINT}"
        raise Fatal(f'database "{url}": its driver, module "{error.name}", is not installed', hint=hint) from error
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        try:
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Fatal(f'database "{url}": {error}', hint=_HINT) from error
    return engine


def _translated(error: sql.exc.SQLAlchemyError, url: sql.URL) -> HeadraceError:
    """Our error for one of SQLAlchemy's, without the statement that met it."""
    said = f'database "{url}": {getattr(error, "orig", None) or error}'  # a URL shows no password
    away = isinstance(error, sql.exc.OperationalError | sql.exc.InterfaceError | sql.exc.TimeoutError)
    if away and (url.get_backend_name() != "sqlite" or "locked" in said):
        return Retryable(said, hint=f"see that it answers, or {_HINT}")
    return Fatal(said, hint=_HINT)
