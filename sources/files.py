"""Files as a source: read once, or a folder watched for new ones."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any

from schemas.durations import parse_duration
from schemas.errors import Fatal
from sources.feeder import Batch, Feeder, Position, Reading, Record, Unreadable
from sources.file_formats import FORMATS, CutShort, FileFormat, Lines, avro_schema, format_of, read_records
from sources.file_system import FileSystem, Seen

RECORDS_PER_BATCH = 2_000


@dataclass(frozen=True)
class Files(Feeder):
    """Records from files that match `path`, a glob: local, or of any store that fsspec knows, as `s3://bucket/*.csv`.

    Formats, by the end of the name or `format`: Avro containers (`.avro`), `.parquet`, `.csv` with a header, and JSON
    lines (`.jsonl`, `.ndjson`), each also with `.gz` or `.zst` behind it. With `watch` new files are looked for that
    often, without an end, and a file is read once it has stayed as it is from one look to the next; names that begin
    with a dot or an underscore are passed over. Texts in `null` stand for null in CSV. Credentials and endpoints are
    fsspec's (`FSSPEC_S3_ENDPOINT_URL`, for instance), and never part of a workflow.

    Delivery: exactly once, in the order of names, then of records; the position is the record in each file. A file that
    grows is read on. What cannot be read further (cut short, changed or deleted meanwhile) becomes a dead letter that
    says after which record, and so does each bad line.

    >>> Files("planes/*.csv", watch="5s", null=("", "NA")).watch
    '5s'
    """

    path: str
    format: FileFormat | None = None
    watch: str | None = None
    null: tuple[str, ...] = ("",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.watch is not None and not parse_duration(self.watch):
            raise Fatal(f'files "{self.path}": watch is "{self.watch}", expected longer')
        if self.format not in (None, *FORMATS):
            raise Fatal(f'files "{self.path}": format "{self.format}" is none of {", ".join(FORMATS)}')
        if self.format is None:
            format_of(self.path)

    @property
    def watch_s(self) -> float:
        """How often new files are looked for, in seconds; 0 for once."""
        return parse_duration(self.watch).total_seconds() if self.watch else 0.0

    def open(self, position: Position) -> FilesReading:
        return FilesReading(self, position)


@dataclass(frozen=True)
class _Place:
    """How far a file is read, and what it was then; `done` where nothing of it is left to read."""

    record: int
    size: int
    stamp: str
    done: bool

    @property
    def seen(self) -> Seen:
        return Seen(self.size, self.stamp)


class FilesReading(Reading):
    """Files that are open, one after the other."""

    def __init__(self, files: Files, position: Position) -> None:
        self._files = files
        self._format = files.format or format_of(files.path)
        self.is_text = self._format == "csv"
        self._system = FileSystem(files.path)
        self._places = {name: _Place(**place) for name, place in position.items()}
        self._batches = self._rounds()

    def read(self) -> Batch | None:
        return next(self._batches, None)

    def schema(self) -> dict[str, Any] | None:
        if self._format != "avro":
            return None
        for name in sorted(self._system.look()):
            with self._system.open(name) as file:
                return avro_schema(file)
        return None

    def close(self) -> None:
        self._batches.close()

    def _rounds(self) -> Generator[Batch, None, None]:
        before: dict[str, Seen] = {}
        while True:
            now = self._system.look()
            if not (now or self._places or self._files.watch):
                raise Fatal(f'files "{self._files.path}": there are none', hint="correct the path, or watch for them")
            unfinished = {name for name, place in self._places.items() if not place.done}
            settled = {name for name in now.keys() | unfinished if before.get(name) == now.get(name)}
            for name in sorted(settled if self._files.watch else now.keys() | unfinished):
                yield from self._file(name, now.get(name))
            if not self._files.watch:
                return
            before = now
            origin = f'files "{self._files.path}"'
            yield Batch((), {}, origin, wait_s=self._files.watch_s, caught_up=now.keys() <= settled)

    def _file(self, name: str, seen: Seen | None) -> Iterator[Batch]:
        """What is left to read of a file."""
        place = self._places.get(name)
        if place and place.done and seen in (None, place.seen):
            return
        if seen is None:
            assert place is not None  # or nobody would have asked
            yield self._given_up(name, place, "file_gone", "the file is gone before it was read to its end")
        elif place and place.record and seen != place.seen and not self._has_grown(place.seen, seen):
            now = replace(place, size=seen.size, stamp=seen.stamp)
            yield self._given_up(name, now, "file_changed", "the file has changed since it was read up to here")
        else:
            yield from self._read(name, seen, place.record if place else 0)

    def _read(self, name: str, seen: Seen, number: int) -> Iterator[Batch]:
        with self._system.open(name) as file:
            lines = Lines(file)
            records = islice(read_records(self._format, lines, self._files.null), number, None)
            chunk, ended, trouble = _take(records, lines)
            while not ended:
                place = _Place(number + len(chunk), seen.size, seen.stamp, done=False)
                yield self._batch(name, chunk, number, place)
                number = place.record
                chunk, ended, trouble = _take(records, lines)
        now = self._system.stat(name) or seen
        if now != seen and self._has_grown(seen, now):
            whole = chunk if lines.is_whole else chunk[:-1]  # the rest of the last line is still to come
            yield self._batch(name, whole, number, _Place(number + len(whole), seen.size, seen.stamp, done=False))
            return
        end = _Place(number + len(chunk), now.size, now.stamp, done=True)
        if now != seen:
            chunk.append(Unreadable(None, "file_changed", "the file has changed while it was read"))
        elif trouble:
            chunk.append(Unreadable(None, "corrupt", f"the file cannot be read further: {trouble}"))
        yield self._batch(name, chunk, number, end)

    def _has_grown(self, before: Seen, now: Seen) -> bool:
        """Whether what was read of a file still stands at its begin. Parquet is written as a whole."""
        return now.size > before.size and self._format != "parquet"

    def _given_up(self, name: str, place: _Place, reason: str, error: str) -> Batch:
        """One dead letter for what is left of a file."""
        return self._batch(name, [Unreadable(None, reason, error)], place.record, replace(place, done=True))

    def _batch(self, name: str, records: Sequence[Record | Unreadable], first: int, place: _Place) -> Batch:
        self._places[name] = place
        return Batch(records, {name: asdict(place)}, f'file "{name}"', first)


def _take(records: Iterator[Record | Unreadable], lines: Lines) -> tuple[list[Record | Unreadable], bool, str | None]:
    """The next records, whether they have ended, and why, if that is not their end."""
    chunk: list[Record | Unreadable] = []
    try:
        for record in records:
            chunk.append(record)
            if len(chunk) >= RECORDS_PER_BATCH and lines.is_whole:
                return chunk, False, None
    except CutShort as error:
        return chunk, True, str(error)
    return chunk, True, None
