"""What a source makes of event times: when a quiet partition is passed over, and what a range leaves out."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.frames import NO_EVENT_TIME, Frame, Record, Status, pack
from tests.schemas.jvm_side import Jvm

NOTHING, IDLE = -(1 << 63), (1 << 63) - 1
ANY = (-(1 << 63), (1 << 63) - 1)
HOUR = 3_600_000


@dataclass
class Source:
    """The event times of a source: what is done to it in a row, and what its partitions then say of their watermarks.

    A partition is (where it is read from, where it ended at submission, its largest event time before).
    """

    jvm: Jvm
    partitions: list[tuple[int, int, int]]
    lateness_ms: int = 0
    idle_ms: int = 30_000
    heartbeat_ms: int = 0
    steps: bytes = b""
    answers: int = 0
    offsets: dict[int, int] = field(default_factory=dict)

    def wait(self, ms: int) -> None:
        self.steps += b"c" + struct.pack(">q", ms)

    def read(self, partition: int, time: int) -> None:
        offset = self.offsets.setdefault(partition, self.partitions[partition][0])
        self.offsets[partition] += 1
        self.steps += b"r" + struct.pack(">iqq", partition, offset, time)

    def says(self) -> list[int]:
        """What each partition says now, the last one that it said included."""
        self.steps, self.answers = self.steps + b"p", self.answers + 1
        asked = struct.pack(">3qi", self.lateness_ms, self.idle_ms, self.heartbeat_ms, len(self.partitions))
        asked += b"".join(struct.pack(">3q", *partition) for partition in self.partitions)
        said = self.jvm.ask(b"t", asked + self.steps)
        count = len(self.partitions)
        return list(struct.unpack(f">{self.answers * count}q", said))[-count:]


EMPTY = (0, 0, NOTHING)


def test_a_quiet_partition_is_passed_over_once_others_have_gone_on(jvm: Jvm) -> None:
    source = Source(jvm, [EMPTY, EMPTY])
    source.read(0, 1_000)
    assert source.says() == [999, NOTHING]
    source.wait(20_000)
    source.read(0, 2_000)
    source.says()
    source.wait(20_000)
    source.read(0, 3_000)
    assert source.says() == [2_999, IDLE]


def test_nothing_is_passed_over_before_what_was_there_at_the_start_is_read(jvm: Jvm) -> None:
    source = Source(jvm, [(5, 5, NOTHING), (3, 5, NOTHING)])
    source.read(0, 1_000)
    for _ in range(4):
        source.wait(20_000)
        assert source.says() == [999, NOTHING]
    for _ in range(2):
        source.read(1, 900)
    assert source.says() == [999, 899]
    source.wait(31_000)
    assert source.says() == [IDLE, IDLE]


def test_in_a_replay_nothing_is_passed_over(jvm: Jvm) -> None:
    source = Source(jvm, [EMPTY, EMPTY], idle_ms=0, heartbeat_ms=HOUR)
    source.read(0, 1_000)
    for _ in range(3):
        source.wait(10 * HOUR)
        assert source.says() == [999, NOTHING]


def test_a_quiet_source_with_a_heartbeat_waits_for_the_next_instant_it_promised(jvm: Jvm) -> None:
    source = Source(jvm, [EMPTY, EMPTY, EMPTY], lateness_ms=10_000, heartbeat_ms=HOUR)
    source.read(0, 10 * HOUR)
    source.read(1, 9 * HOUR)
    assert source.says() == [10 * HOUR - 10_001, 9 * HOUR - 10_001, NOTHING]
    for _ in range(3):
        source.wait(31_000)
        assert source.says() == [11 * HOUR - 1] * 3
    source.read(1, 11 * HOUR)
    source.wait(29_000)
    assert source.says() == [11 * HOUR - 1] * 3
    source.wait(31_000)
    assert source.says() == [12 * HOUR - 1] * 3


def test_a_restored_source_with_a_heartbeat_still_knows_the_instant_it_promised(jvm: Jvm) -> None:
    source = Source(jvm, [(7, 7, 10 * HOUR), (9, 9, 9 * HOUR)], heartbeat_ms=HOUR)
    assert source.says() == [NOTHING, NOTHING]
    source.wait(31_000)
    assert source.says() == [11 * HOUR - 1, 11 * HOUR - 1]


def test_a_source_with_a_heartbeat_that_never_had_a_record_has_promised_nothing(jvm: Jvm) -> None:
    source = Source(jvm, [EMPTY], heartbeat_ms=HOUR)
    source.wait(31_000)
    assert source.says() == [IDLE]


_TIMES = st.integers(0, 100)
_REFUSED = st.sampled_from([Status.OK] * 6 + [Status.CORRUPT, Status.FUTURE])


@st.composite
def streams(draw: st.DrawFn) -> list[Record]:
    drawn = draw(st.lists(st.tuples(_TIMES, st.integers(0, 2), _REFUSED), max_size=40))
    return [
        Record(
            b"", event_time=NO_EVENT_TIME if status is Status.CORRUPT else time, partition=at, offset=n, status=status
        )
        for n, (time, at, status) in enumerate(drawn)
    ]


@given(records=streams(), lateness=st.integers(0, 30), ends=st.tuples(_TIMES, _TIMES))
def test_a_range_leaves_out_what_is_outside_and_judges_the_rest_as_ever(
    jvm: Jvm, records: list[Record], lateness: int, ends: tuple[int, int]
) -> None:
    judged = _records(jvm.gated(lateness, *ANY, pack(records)))
    assert judged == _oracle(records, lateness)
    stands, largest = [], {0: NO_EVENT_TIME, 1: NO_EVENT_TIME, 2: NO_EVENT_TIME}
    for record in judged:
        stands.append(largest[record.partition] if record.event_time == NO_EVENT_TIME else record.event_time)
        if record.status == Status.OK:
            largest[record.partition] = max(largest[record.partition], record.event_time)
    first, last = ends
    inside = [
        record for record, time in zip(judged, stands, strict=True) if time == NO_EVENT_TIME or first <= time < last
    ]
    assert _records(jvm.gated(lateness, first, last, pack(records))) == inside


def _oracle(records: list[Record], lateness: int) -> list[Record]:
    """The records, those marked that are late in their own partition."""
    largest: dict[int, int] = {}
    judged = []
    for record in records:
        late = record.status == Status.OK and record.event_time < largest.get(record.partition, 0) - lateness
        judged.append(replace(record, status=Status.LATE) if late else record)
        if record.status == Status.OK and not late:
            largest[record.partition] = max(largest.get(record.partition, 0), record.event_time)
    return judged


def _records(frame: Frame) -> list[Record]:
    return [
        Record(b"", event_time=time, partition=at, offset=offset, status=Status(status))
        for time, at, offset, status in zip(
            frame.index["event_time"].tolist(),
            frame.index["partition"].tolist(),
            frame.index["offset"].tolist(),
            frame.index["status"].tolist(),
            strict=True,
        )
    ]


@given(data=st.data(), lateness=st.integers(0, 30))
def test_no_record_is_late_in_any_order_within_the_lateness(jvm: Jvm, data: st.DataObject, lateness: int) -> None:
    times = sorted(data.draw(st.lists(_TIMES, max_size=30)))
    shuffled = sorted(times, key=lambda time: time + data.draw(st.integers(0, lateness)))
    passed = _records(jvm.gated(lateness, *ANY, pack([Record(b"", event_time=time) for time in shuffled])))
    assert [record.status for record in passed] == [Status.OK] * len(times)


@given(data=st.data(), lateness=st.integers(0, 30), partitions=st.integers(1, 3))
def test_records_are_released_in_one_order_however_they_come(
    jvm: Jvm, data: st.DataObject, lateness: int, partitions: int
) -> None:
    """In any order within the lateness, the partitions read at any speed, with a watermark at any moment."""
    count = data.draw(st.integers(0, 30))
    drawn = [(time, data.draw(st.integers(0, partitions - 1))) for time in sorted(data.draw(_some(_TIMES, count)))]
    late_by = data.draw(_some(st.integers(0, lateness), count))
    read_at = [data.draw(_some(_TIMES, count)) for _ in range(partitions)]
    come = sorted(
        ((time + by, time, at) for (time, at), by in zip(drawn, late_by, strict=True)), key=lambda record: record[0]
    )
    each = [[(time, at) for _, time, at in come if at == partition] for partition in range(partitions)]
    written = [
        (moment, time, at, n)
        for at in range(partitions)
        for n, (moment, (time, _)) in enumerate(zip(sorted(read_at[at]), each[at], strict=False))
    ]
    records = [
        Record(b"", data.draw(st.sampled_from([None, b""])), event_time=time, partition=at, offset=n)
        for _, time, at, n in sorted(written)
    ]
    released = _records(jvm.merged(lateness, partitions, pack(records)))
    assert released == sorted(
        (replace(record, key=None) for record in records), key=lambda r: (r.event_time, r.partition, r.offset)
    )


def _some(values: st.SearchStrategy[int], count: int) -> st.SearchStrategy[list[int]]:
    return st.lists(values, min_size=count, max_size=count)


@pytest.mark.parametrize(("lateness", "status"), [(10, Status.OK), (9, Status.LATE)])
def test_a_record_is_late_by_more_than_the_lateness(jvm: Jvm, lateness: int, status: Status) -> None:
    passed = jvm.gated(lateness, *ANY, pack([Record(b"", event_time=50), Record(b"", event_time=40)]))
    assert passed.index["status"].tolist() == [Status.OK, status]
