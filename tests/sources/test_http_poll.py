from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from schemas.errors import Fatal, Retryable
from sources import HttpPoll
from sources.feeder import Unreadable
from sources.http_poll import HttpReading
from tests.sources.cases import Records, read_on, readings
from tests.sources.endpoint import Answer, Asked, pages, serving

NOW = datetime(2025, 1, 1, tzinfo=UTC)


class Endpoint:
    """A server whose next answers a test decides; it remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Callable[[Asked], Answer]] = []
        self.asked: list[Asked] = []

    def __call__(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        return (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(asked)

    def will(self, *answers: Answer) -> None:
        self.answers = [lambda _, answer=answer: answer for answer in answers]  # type: ignore[misc]


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.fixture
def url(endpoint: Endpoint) -> Iterator[str]:
    with serving(endpoint) as url:
        yield url


def test_what_has_not_changed_is_not_read_again(endpoint: Endpoint, url: str) -> None:
    tag = {"ETag": '"a"'}
    endpoint.will(Answer([{"x": 1}], headers=tag), Answer(b"", 304, tag), Answer([{"x": 1}, {"x": 2}], headers={}))
    poll = HttpPoll(url, every="10s")
    found, at = read_on(poll, {})
    assert found == [{"x": 1}]
    assert read_on(poll, at) == ([], at)
    assert endpoint.asked[1].headers["If-None-Match"] == '"a"'
    assert read_on(poll, at)[0] == [{"x": 1}, {"x": 2}]


def test_an_endpoint_without_tags_is_known_by_its_content(endpoint: Endpoint, url: str) -> None:
    endpoint.will(Answer([{"x": 1}]), Answer([{"x": 1}]), Answer([{"x": 2}]))
    with HttpPoll(url, every="10s").open({}) as reading:
        batches = [reading.read() for _ in range(3)]
    assert [batch and (list(batch.records), batch.wait_s) for batch in batches] == [
        ([{"x": 1}], 10.0),
        ([], 10.0),
        ([{"x": 2}], 10.0),
    ]


def test_the_last_page_is_read_on_where_it_has_grown() -> None:
    records = readings(25)
    shown: Records = records[:13]

    def answer(asked: Asked) -> Answer:
        return pages(shown, 10)(asked)

    with serving(answer) as url:
        poll = HttpPoll(url, records="data.items", cursor="next")
        found, at = read_on(poll, {})
        assert found == records[:13]
        assert at == {"endpoint": {"cursor": 10, "taken": 3}}
        shown = records
        more, _ = read_on(poll, at)
        assert more == records[13:]
        shown = records[:11]
        with pytest.raises(Fatal, match="had 3 records, and has 1"):
            read_on(poll, at)


@pytest.mark.parametrize("status", [200, 429, 503])
@pytest.mark.parametrize("said", ["120", format_datetime(NOW + timedelta(seconds=120), usegmt=True)])
def test_it_is_left_alone_for_as_long_as_it_asks(endpoint: Endpoint, url: str, status: int, said: str) -> None:
    endpoint.will(Answer([{"x": 1}], status, {"Retry-After": said}))
    with HttpReading(HttpPoll(url, every="1s"), {}, clock=lambda: NOW) as reading:
        batch = reading.read()
    assert batch is not None
    assert (batch.wait_s, batch.caught_up) == (120.0, status == 200)
    assert list(batch.records) == ([{"x": 1}] if status == 200 else [])


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (Answer([], 500), Retryable, "HTTP 500"),
        (Answer([], 429), Retryable, "HTTP 429"),
        (Answer([], 404), Fatal, "HTTP 404"),
        (Answer({"error": "no"}), Fatal, 'no array at "data"'),
    ],
)
def test_an_answer_that_is_none_is_named(
    endpoint: Endpoint, url: str, answer: Answer, error: type[Exception], said: str
) -> None:
    endpoint.will(answer)
    with HttpPoll(url, records="data").open({}) as reading, pytest.raises(error, match=said):
        reading.read()


def test_an_endpoint_that_is_away_is_waited_for() -> None:
    with HttpPoll("http://127.0.0.1:1/x").open({}) as reading, pytest.raises(Retryable, match=r"127\.0\.0\.1:1"):
        reading.read()


def test_what_is_no_json_is_told_once(endpoint: Endpoint, url: str) -> None:
    endpoint.will(Answer(b"<html>"), Answer(b"<html>"), Answer([{"x": 1}, 7]))
    found, at = read_on(HttpPoll(url), {})
    assert [(record.reason, record.raw) for record in found] == [("corrupt", b"<html>")]
    assert read_on(HttpPoll(url), at)[0] == []
    good, bad = read_on(HttpPoll(url), at)[0]
    assert good == {"x": 1}
    assert isinstance(bad, Unreadable)
    assert bad.raw == b"7"


def test_a_page_that_is_no_json_is_asked_for_again(endpoint: Endpoint, url: str) -> None:
    endpoint.will(Answer(b"<html>"))
    with HttpPoll(url, cursor="next").open({}) as reading, pytest.raises(Retryable, match="no JSON"):
        reading.read()


def test_secrets_come_from_the_environment(endpoint: Endpoint, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint.will(Answer([]))
    poll: Any = HttpPoll(url, headers={"Authorization": "Bearer ${READINGS_TOKEN}"})
    with pytest.raises(Fatal, match="'READINGS_TOKEN' is not set"):
        poll.open({})
    monkeypatch.setenv("READINGS_TOKEN", "abc")
    read_on(poll, {})
    assert endpoint.asked[0].headers["Authorization"] == "Bearer abc"
