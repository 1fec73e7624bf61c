"""What is served, and how that changes while requests go on."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from schemas.version import Version
from tests.engine.scoring.lateness import CARD, RAW, at_version, learned, publish, until
from tests.sinks.redis_server import RedisServer

PATH = "/models/lateness"


def served(api: httpx.Client, epoch: int, count: int) -> None:
    expected = [{"epoch": epoch, "count": count}]
    until(
        lambda: api.get(PATH),
        lambda r: r.status_code == 200 and [shard["version"] for shard in r.json()["shards"]] == expected,
    )


def test_no_model_yet_is_ready_and_says_so(api: httpx.Client) -> None:
    ready = until(lambda: api.get("/readyz"), lambda r: r.status_code == 200).json()
    assert ready == {"status": "ready", "models": {}, "trouble": ""}
    assert api.get("/models").json() == {"models": []}
    assert api.get("/healthz").json() == {"status": "ok"}


def test_a_published_model_is_served_and_described(api: httpx.Client, redis_server: RedisServer) -> None:
    publish(redis_server.url, learned())
    served(api, 1, 200)
    [model] = api.get("/models").json()["models"]
    assert model == api.get(PATH).json()
    assert model["features"] == CARD.features
    assert model["feature_sets"] == [{"name": "origin_features", "entity": "origin", "features": ["origin_delay_1h"]}]
    assert model["shards"] == [
        {
            "shard": 0,
            "of": 1,
            "version": {"epoch": 1, "count": 200},
            "learned_until": "2013-07-04T07:59:00.000Z",
            "metrics": {"accuracy": 0.81},
        }
    ]


def test_a_greater_version_takes_its_place(api: httpx.Client, redis_server: RedisServer) -> None:
    for epoch, count in [(1, 200), (1, 300), (2, 10)]:
        publish(redis_server.url, learned(count), at_version(epoch, count))
        served(api, epoch, count)
        answer = api.post(f"{PATH}/predict", json={"features": RAW}).json()
        assert answer["model"]["version"] == {"epoch": epoch, "count": count}
        assert answer["probabilities"]["true"] == learned(count).predict_proba_one(RAW)[True]


def test_a_model_that_has_learned_nothing_answers(api: httpx.Client, redis_server: RedisServer) -> None:
    publish(redis_server.url, learned(0), at_version(1, 0))
    served(api, 1, 0)
    answer = api.post(f"{PATH}/predict", json={"features": RAW}).json()
    assert answer["learned_until"] is None
    assert answer["probabilities"] == {"false": 0.5, "true": 0.5}


def test_an_artifact_of_another_key_is_refused_and_the_old_model_stays(
    api: httpx.Client, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    publish(redis_server.url, learned())
    served(api, 1, 200)
    publish(redis_server.url, learned(), at_version(1, 300), key=b"x" * 32)
    until(lambda: api.get("/metrics"), lambda r: "headrace_refused_artifacts_total 1.0" in r.text)
    assert "the signature does not fit" in caplog.text
    served(api, 1, 200)
    publish(redis_server.url, learned(), at_version(1, 400))
    served(api, 1, 400)


def test_an_artifact_under_another_name_is_refused(api: httpx.Client, redis_server: RedisServer) -> None:
    publish(redis_server.url, learned())
    with redis_server.client() as client:
        client.hset("headrace:model:{other}:0", mapping=client.hgetall("headrace:model:{lateness}:0"))
        client.hset("headrace:models", "other", "1")
    until(lambda: api.get("/metrics"), lambda r: "headrace_refused_artifacts_total 1.0" in r.text)
    assert api.get("/models/other").status_code == 404


def test_shards_of_another_partitioning_are_gone(api: httpx.Client, redis_server: RedisServer) -> None:
    keyed = replace(CARD, keyed_by="origin", shards=2)
    for shard in (0, 1):
        publish(redis_server.url, {f"K{shard}": learned()}, replace(keyed, shard=shard))
    until(lambda: api.get(PATH), lambda r: r.status_code == 200 and len(r.json()["shards"]) == 2)
    publish(redis_server.url, {"K0": learned()}, replace(keyed, shards=1, version=Version(2, 0)))
    served(api, 2, 0)


def test_while_redis_is_away_the_last_model_answers(api: httpx.Client, redis_server: RedisServer) -> None:
    publish(redis_server.url, learned())
    served(api, 1, 200)
    redis_server.kill()
    trouble = until(lambda: api.get("/readyz"), lambda r: r.json()["trouble"] != "").json()
    assert trouble["status"] == "ready"
    assert "HEADRACE_REDIS" in trouble["trouble"]
    assert api.post(f"{PATH}/predict", json={"features": RAW}).status_code == 200
    redis_server.start()
    publish(redis_server.url, learned(), at_version(1, 300))
    served(api, 1, 300)
    assert api.get("/readyz").json()["trouble"] == ""


def test_the_metrics_name_what_is_served(api: httpx.Client, redis_server: RedisServer) -> None:
    publish(redis_server.url, learned())
    served(api, 1, 200)
    api.post(f"{PATH}/predict", json={"features": RAW})
    api.post("/models/made-up/predict", json={"features": RAW})
    text = api.get("/metrics").text
    for line in [
        'headrace_predictions_total{model="lateness"} 1.0',
        'headrace_requests_total{status="200"} 1.0',
        'headrace_requests_total{status="404"} 1.0',
        'headrace_model_epoch{model="lateness",shard="0"} 1.0',
        'headrace_model_records{model="lateness",shard="0"} 200.0',
        "headrace_request_seconds_count 2.0",
        "headrace_store_up 1.0",
    ]:
        assert line in text.splitlines()
    assert "made-up" not in text
