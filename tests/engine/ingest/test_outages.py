"""Kafka slow, silent and gone: what was acknowledged is there, and what is not there was not acknowledged."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event, Lock

import httpx
import pytest

from engine.ingest.limits import Limits
from engine.local.platform import Platform
from tests.engine.ingest.running import Stop, running, trip
from tests.engine.jobs.trial import gone, suspended
from tests.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.services
CLIENTS, RECORDS = 4, 50


def test_slow_kafka_gives_429_and_what_waits_is_written(platform: Platform, topic: Stop) -> None:
    limits = Limits(slow_after_s=0.5, timeout_s=60)
    with running(platform, limits) as client, ThreadPoolExecutor(1) as pool:
        assert client.post(topic.path, json=trip(1)).status_code == 202
        with suspended(platform, "kafka"):
            waiting = pool.submit(client.post, topic.path, json=trip(2))
            wait_until(lambda: b"in_flight_requests 1.0" in client.get("/metrics").content)
            answers = (
                client.post(topic.path, content=b"[]", headers={"content-type": "application/json"})
                for _ in iter(int, 1)
            )
            answer = next(answer for answer in answers if answer.status_code != 202)
            assert not waiting.done()
        assert (answer.status_code, answer.json()["title"]) == (429, "kafka_slow")
        assert int(answer.headers["retry-after"]) > 0
        assert (waiting.result().status_code, waiting.result().json()["accepted"]) == (202, 1)
    assert topic.numbers() == [1, 2]


def test_more_bytes_than_may_wait_give_429(platform: Platform, topic: Stop) -> None:
    limits = Limits(held_bytes=1_000, slow_after_s=600, timeout_s=60)
    first, second = [trip(number) for number in range(10)], [trip(number) for number in range(10, 20)]
    with running(platform, limits) as client, ThreadPoolExecutor(1) as pool:
        assert client.post(topic.path, json=[]).status_code == 202
        with suspended(platform, "kafka"):
            waiting = pool.submit(client.post, topic.path, json=first)
            wait_until(lambda: b"held_bytes 0.0" not in client.get("/metrics").content)
            answer = client.post(topic.path, json=second)
            assert (answer.status_code, "bytes wait" in answer.json()["detail"]) == (429, True)
        assert waiting.result().status_code == 202
        assert client.post(topic.path, json=second).status_code == 202
    assert topic.numbers() == list(range(20))


def test_silent_kafka_gives_503_that_names_what_is_not_acknowledged(platform: Platform, topic: Stop) -> None:
    with running(platform, Limits(timeout_s=2)) as client:
        assert client.post(topic.path, json=trip(1)).status_code == 202
        with suspended(platform, "kafka"):
            answer = client.post(topic.path, json=[trip(2), {}, trip(3)])
        assert (answer.status_code, answer.json()["title"]) == (503, "not_acknowledged")
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["unacknowledged"] == [0, 2]
        assert [one["position"] for one in answer.json()["rejected"]] == [1]
        wait_until(lambda: client.post(topic.path, json=trip(4)).status_code == 202)
        metrics = client.get("/metrics").text
    assert f'headrace_ingest_records_total{{outcome="unacknowledged",topic="{topic.topic}"}} 2.0' in metrics
    assert {1, 4} <= set(topic.numbers()) <= {1, 2, 3, 4}


def test_nothing_is_acknowledged_that_is_not_in_kafka(platform: Platform, topic: Stop) -> None:
    numbers, taking, over = count(), Lock(), Event()
    answers: Counter[int] = Counter()
    acknowledged: list[int] = []

    def send(url: httpx.URL) -> None:
        with httpx.Client(base_url=url, timeout=PATIENCE_S, trust_env=False) as client:
            while not over.is_set():
                with taking:
                    sent = [next(numbers) for _ in range(RECORDS)]
                answer = client.post(topic.path, params={"key": "number"}, json=[trip(number) for number in sent])
                answers[answer.status_code] += 1
                if answer.status_code == 202:
                    acknowledged.extend(sent)
                elif "unacknowledged" in answer.json():
                    lost = set(answer.json()["unacknowledged"])
                    acknowledged.extend(number for at, number in enumerate(sent) if at not in lost)

    with running(platform, Limits(slow_after_s=0.5, timeout_s=3)) as client, ThreadPoolExecutor(CLIENTS) as pool:
        sending = [pool.submit(send, client.base_url) for _ in range(CLIENTS)]
        try:
            wait_until(lambda: answers[202] > 10)
            with gone(platform, "kafka"):
                wait_until(lambda: answers[503] > 0)
                before = answers[202]
                wait_until(lambda: answers[503] > CLIENTS)
                assert answers[202] == before
            wait_until(lambda: answers[202] > before + 10)
        finally:
            over.set()
        for each in sending:
            each.result()
    assert set(answers) <= {202, 429, 503}
    stored = Counter(topic.numbers())
    assert {number: stored[number] for number in acknowledged} == dict.fromkeys(acknowledged, 1)
