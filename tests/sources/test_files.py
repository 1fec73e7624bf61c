from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pytest

from schemas.errors import Fatal
from sources import Files
from sources.feeder import Batch, Unreadable
from sources.files import RECORDS_PER_BATCH, FilesReading
from tests.sources.cases import CASES, Records, read_on, readings

MANY = RECORDS_PER_BATCH * 2 + 10


def lines(first: int, last: int) -> bytes:
    """Records of these numbers as JSON lines."""
    return b"".join(b'{"number": %d}\n' % number for number in range(first, last))


def divided(found: Records) -> tuple[list[int], list[tuple[str, bytes | None]]]:
    """The numbers of the records, and the reasons and bytes of what was none."""
    numbers = [record["number"] for record in found if isinstance(record, dict)]
    return numbers, [(record.reason, record.raw) for record in found if isinstance(record, Unreadable)]


def rounds(reading: FilesReading, count: int) -> tuple[list[int], list[tuple[str, bytes | None]]]:
    """What is found until the folder was looked at that many more times."""
    found: list[Any] = []
    while count:
        batch = reading.read()
        assert batch is not None
        found += batch.records
        count -= bool(batch.wait_s)
    return divided(found)


def test_bad_lines_are_told_from_the_good_ones(tmp_path: Path) -> None:
    file = tmp_path / "readings.csv"
    file.write_bytes(b'number,text\n1,a\n2\n3,b,c\n\n4,\xff\n5,"x\ny"\n6,\n7,"open\n8,d\n')
    found, _ = read_on(Files(str(file)), {})
    good = [record for record in found if isinstance(record, dict)]
    assert good == [
        {"number": "1", "text": "a"},
        {"number": "5", "text": "x\ny"},
        {"number": "6", "text": None},
    ]
    corrupt = [("corrupt", b"2\n"), ("corrupt", b"3,b,c\n"), ("corrupt", b"4,\xff\n"), ("corrupt", b'7,"open\n8,d\n')]
    assert divided([record for record in found if isinstance(record, Unreadable)])[1] == corrupt


def test_json_lines_that_are_no_objects_are_told_from_the_good_ones(tmp_path: Path) -> None:
    file = tmp_path / "readings.jsonl"
    file.write_bytes(b'{"number": 1}\n[2]\n{"number": 3\n\n{"number": 4}')
    assert divided(read_on(Files(str(file)), {})[0]) == ([1, 4], [("corrupt", b"[2]"), ("corrupt", b'{"number": 3')])


@pytest.mark.parametrize("name", ["empty.csv", "empty.jsonl", "empty.jsonl.gz"])
def test_an_empty_file_has_no_records(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    found, position = read_on(Files(f"{tmp_path}/{name}"), {})
    assert found == []
    assert position[name]["done"]


@pytest.mark.parametrize("case", ["avro", "parquet", "jsonl.gz", "jsonl.zst"])
def test_a_file_that_is_cut_short_gives_what_it_has_and_a_dead_letter(tmp_path: Path, case: str) -> None:
    with CASES[case](tmp_path, readings(9_000)) as feeder:
        assert isinstance(feeder, Files)
        cut = sorted(tmp_path.iterdir())[1]
        whole = cut.read_bytes()
        cut.write_bytes(whole[: len(whole) * 2 // 3])
        found, position = read_on(feeder, {})
    numbers, dead = divided(found)
    assert [reason for reason, _ in dead] == ["corrupt"]
    assert numbers == sorted(numbers)
    assert set(range(3001)) | set(range(6002, 9_000)) <= set(numbers)
    assert position[cut.name]["record"] < 3001
    assert read_on(feeder, position)[0] == []


def test_a_line_that_is_being_written_is_left_until_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes(lines(0, MANY) + b'{"number": 99')
    with Files(str(file)).open({}) as reading:
        first = reading.read()
        assert first is not None
        with file.open("ab") as more:
            more.write(b'9999}\n{"number": 1000000}\n')
            more.flush()
            found, at = list(first.records), dict(first.moved)
            while batch := reading.read():
                found += batch.records
                at.update(batch.moved)
    assert not at["log.jsonl"]["done"]
    later, end = read_on(Files(str(file)), at)
    assert divided(found + later) == ([*range(MANY), 999_999, 1_000_000], [])
    assert end["log.jsonl"]["done"]


@pytest.mark.parametrize("mid", [True, False])
def test_a_file_that_was_replaced_is_not_taken_for_the_one_that_was_read(tmp_path: Path, mid: bool) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes(lines(0, MANY))
    with Files(str(file)).open({}) as reading:
        first = reading.read()
        assert first is not None
        file.write_bytes(lines(7, 9))
        rest = list(iter(reading.read, None)) if mid else []
    at = {name: place for batch in [first, *rest] for name, place in batch.moved.items()}
    later, end = read_on(Files(str(file)), at)
    numbers, dead = divided([record for batch in rest for record in batch.records] + later)
    assert dead[-1] == ("file_changed", None)
    assert {reason for reason, _ in dead[:-1]} <= {"corrupt"}  # a line that was torn in two
    assert len(numbers) == len(set(numbers))
    assert read_on(Files(str(file)), end)[0] == []


def test_a_file_that_is_gone_before_its_end_is_told(tmp_path: Path) -> None:
    file, other = tmp_path / "log.jsonl", tmp_path / "other.jsonl"
    file.write_bytes(lines(0, MANY))
    _, at = read_on(Files(f"{tmp_path}/*.jsonl"), {}, batches=1)
    file.unlink()
    other.write_bytes(lines(0, 3))
    found, end = read_on(Files(f"{tmp_path}/*.jsonl"), at)
    assert divided(found) == ([0, 1, 2], [("file_gone", None)])
    assert read_on(Files(f"{tmp_path}/*.jsonl"), end)[0] == []


def test_a_file_that_was_read_may_go(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes(lines(0, 3))
    _, at = read_on(Files(f"{tmp_path}/*.jsonl"), {})
    file.unlink()
    assert read_on(Files(f"{tmp_path}/*.jsonl"), at) == ([], at)


def test_a_folder_is_watched_for_files_that_are_whole(tmp_path: Path) -> None:
    with Files(f"{tmp_path}/*.jsonl", watch="5s").open({}) as reading:
        assert rounds(reading, 1) == ([], [])
        (tmp_path / "b.jsonl").write_bytes(lines(0, 2))
        (tmp_path / "_draft.jsonl").write_bytes(lines(50, 52))
        assert rounds(reading, 1) == ([], [])  # it may still be written
        with (tmp_path / "b.jsonl").open("ab") as file:
            file.write(lines(2, 4))
        assert rounds(reading, 1) == ([], [])
        assert rounds(reading, 1) == ([0, 1, 2, 3], [])
        (tmp_path / "a.jsonl").write_bytes(lines(10, 12))  # before the other by its name
        assert rounds(reading, 2) == ([10, 11], [])
        with (tmp_path / "b.jsonl").open("ab") as file:
            file.write(lines(4, 5))
        assert rounds(reading, 2) == ([4], [])
        assert rounds(reading, 3) == ([], [])


def test_what_is_there_is_read_before_a_watch_has_caught_up(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(0, 3))
    files = Files(f"{tmp_path}/*.jsonl", watch="5s")
    found, at = read_on(files, {})
    assert divided(found) == ([0, 1, 2], [])
    assert read_on(files, at)[0] == []


def test_looking_waits_as_long_as_it_is_told(tmp_path: Path) -> None:
    with Files(f"{tmp_path}/*.jsonl", watch="90s").open({}) as reading:
        assert reading.read() == Batch((), {}, f'files "{tmp_path}/*.jsonl"', wait_s=90.0, caught_up=True)


def test_a_cut_archive_that_grows_is_read_on(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl.gz"
    packed = gzip.compress(
        b"".join(json.dumps({"number": n, "noise": os.urandom(9).hex()}).encode() + b"\n" for n in range(3_000))
    )
    file.write_bytes(packed[: len(packed) // 2])
    with Files(f"{tmp_path}/*.jsonl.gz", watch="5s").open({}) as reading:
        numbers, dead = rounds(reading, 2)
        assert [reason for reason, _ in dead] == ["corrupt"]
        file.write_bytes(packed)
        more, none = rounds(reading, 2)
    assert numbers + more == list(range(3_000))
    assert none == []


def test_nothing_there_is_said_unless_it_is_watched_for(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="there are none"):
        read_on(Files(f"{tmp_path}/*.csv"), {})


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Files("readings.txt"), "tells no format"),
        (lambda: Files("readings.csv", watch="0s"), "expected longer"),
        (lambda: Files("readings.csv", format="xml"), "is none of"),  # type: ignore[arg-type]
        (lambda: Files("readings.csv", partitions=0), "expected at least 1"),
        (lambda: Files("nowhere://readings.csv").open({}), "nowhere"),
    ],
)
def test_a_wrong_description_is_refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(Fatal, match=said):
        make()


def test_a_store_that_only_fsspec_knows_is_read_the_same() -> None:
    store = fsspec.filesystem("memory")
    for part in range(3):
        with store.open(f"/readings/{part}.jsonl", "wb") as file:
            file.write(lines(part * 10, part * 10 + 10))
    try:
        found, at = read_on(Files("memory://readings/*.jsonl"), {})
        assert divided(found) == (list(range(30)), [])
        assert sorted(at) == ["0.jsonl", "1.jsonl", "2.jsonl"]
    finally:
        store.rm("/readings", recursive=True)
