"""A dead letter that is sent again becomes the record that it was, examined anew."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from engine.plan import NO_PARTITION
from schemas.codec import Encoder
from schemas.frames import Status
from schemas.wire import dead_letter_schema
from tests.schemas.jvm_side import Jvm
from tests.schemas.oracle import INSTANT, number

PAGES: dict[str, Any] = {
    "type": "record",
    "name": "page",
    "fields": [{"name": "at", "type": INSTANT}, {"name": "size", "type": "double"}],
}
NOW, YEAR_2100 = 1_700_000_000_000, 4_102_444_800_000
HEADERS = (
    struct.pack(">i", 1) + b"h" + struct.pack(">i", 2) + b"vv" + struct.pack(">i", 1) + b"n" + struct.pack(">i", -1)
)
LETTER: dict[str, Any] = {
    "workflow": "demo",
    "topic": "in",
    "partition": 2,
    "offset": 1 << 40,
    "event_time": NOW,
    "arrival": NOW + 5,
    "key": b"key",
    "value": b"\0\0\0\0\1" + number(NOW) + struct.pack("<d", 1.5),
    "headers": HEADERS,
    "node": "model",
    "reason": "null_feature",
    "error": "",
    "attempt": 1,
    "failed_at": NOW + 9,
}
OLD = {**dead_letter_schema(), "fields": [f for f in dead_letter_schema()["fields"] if f["name"] != "arrival"]}
FUTURE = b"\0\0\0\0\1" + number(YEAR_2100) + struct.pack("<d", 1.5)


def entry(jvm: Jvm, **said: Any) -> Any:
    frame = jvm.redriven(PAGES, dead_letter_schema(), Encoder(dead_letter_schema(), 2).encode({**LETTER, **said}))
    assert len(frame) == 1
    return frame.index[0]


def test_its_bytes_and_coordinates_are_those_of_before(jvm: Jvm) -> None:
    frame = jvm.redriven(PAGES, dead_letter_schema(), Encoder(dead_letter_schema(), 2).encode(LETTER))
    assert (frame.keys_list(), frame.headers_list(), frame.values_list()) == ([b"key"], [HEADERS], [LETTER["value"]])
    [found] = frame.index.tolist()
    names = frame.index.dtype.names
    assert names is not None
    said = dict(zip(names, found, strict=True))
    assert (said["partition"], said["offset"], said["source"]) == (2, 1 << 40, 3)
    assert (said["event_time"], said["arrival"], said["redriven"]) == (NOW, NOW + 5, 1)
    assert said["status"] == Status.OK


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"value": FUTURE, "reason": "future"}, Status.OK),
        ({"value": b"rubbish", "node": "pages"}, Status.NO_MAGIC),
        ({"value": None, "key": None, "headers": None}, Status.NULL_VALUE),
        ({"topic": "elsewhere", "node": "pages"}, Status.OK),
        ({"topic": "elsewhere"}, Status.OK),
        ({"node": "gone"}, Status.OK),
        ({"topic": "elsewhere", "node": "gone"}, Status.UNKNOWN_STREAM),
    ],
    ids=[
        "from the future",
        "no record",
        "nothing at all",
        "by its stream",
        "by its node",
        "by its topic",
        "of no stream",
    ],
)
def test_it_is_examined_anew(jvm: Jvm, said: dict[str, Any], status: Status) -> None:
    assert entry(jvm, **said)["status"] == status


@pytest.mark.parametrize(("node", "count"), [("pages", 1), ("model", 0)], ids=["its source", "a pipeline"])
def test_connectors_are_sent_only_what_was_refused_before_them(jvm: Jvm, node: str, count: int) -> None:
    letter = Encoder(dead_letter_schema(), 2).encode({**LETTER, "node": node})
    assert len(jvm.redriven(PAGES, dead_letter_schema(), letter, to_connectors=True)) == count


@pytest.mark.parametrize(("partition", "count"), [(2, 1), (NO_PARTITION, 0)], ids=["of the topic", "of the pipeline"])
def test_a_pipeline_that_is_called_like_a_topic_is_told_from_it(jvm: Jvm, partition: int, count: int) -> None:
    letter = Encoder(dead_letter_schema(), 2).encode({**LETTER, "node": "in", "partition": partition})
    assert len(jvm.redriven(PAGES, dead_letter_schema(), letter)) == count


def test_the_count_of_attempts_ends_at_what_its_byte_holds(jvm: Jvm) -> None:
    assert [entry(jvm, attempt=attempt)["redriven"] for attempt in (3, 255, 300)] == [3, 255, 255]


def test_a_letter_that_does_not_say_when_its_record_came_goes_by_the_event_time(jvm: Jvm) -> None:
    letter = {name: value for name, value in LETTER.items() if name != "arrival"}
    assert jvm.redriven(PAGES, OLD, Encoder(OLD, 2).encode(letter)).index["arrival"].tolist() == [NOW]


def test_what_says_where_a_run_began_is_no_letter(jvm: Jvm) -> None:
    assert len(jvm.redriven(PAGES, OLD, b"")) == 0
