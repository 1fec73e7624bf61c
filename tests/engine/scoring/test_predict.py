"""What the API answers, from raw features and from entity keys, and what it says of bad requests."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.scoring import Service, Shard
from models import Filter, InRange, NotNull, Repair, Rules, Sample
from models.artifact import FeatureSetRef
from sinks import AsyncFeatureReader, FeatureRow, FeatureStore
from tests.engine.scoring.lateness import AT, CARD, RAW, learned, write_origin
from tests.engine.scoring.running import running
from tests.sinks.redis_server import RedisServer, free_port

MODEL = learned()
PATH = "/models/lateness/predict"


@contextmanager
def serving(*shards: Shard, redis_url: str) -> Iterator[httpx.Client]:
    service = Service(AsyncFeatureReader(redis_url), now_ms=lambda: AT)
    for shard in shards:
        assert service.catalog.offer(shard)
    with running(service) as client:
        yield client


@pytest.fixture(scope="module")
def away() -> Iterator[httpx.Client]:
    """The API with its model, and with no Redis at all."""
    with serving(Shard(CARD, MODEL), redis_url=f"redis://127.0.0.1:{free_port()}") as client:
        yield client


@pytest.fixture(scope="module")
def client(shared_redis: RedisServer) -> Iterator[httpx.Client]:
    with serving(Shard(CARD, MODEL), redis_url=shared_redis.url) as client:
        yield client


def test_raw_features_need_no_redis(away: httpx.Client) -> None:
    response = away.post(PATH, json={"features": RAW})
    assert response.status_code == 200
    probabilities = MODEL.predict_proba_one(RAW)
    assert response.json() == {
        "prediction": True,
        "probabilities": {"false": probabilities[False], "true": probabilities[True]},
        "model": {"name": "lateness", "version": {"epoch": 1, "count": 200}},
        "learned_until": "2013-07-04T07:59:00.000Z",
        "feature_age_s": {},
    }


def test_the_order_of_features_in_a_request_changes_nothing(away: httpx.Client) -> None:
    backwards = dict(reversed(RAW.items()))
    assert away.post(PATH, json={"features": backwards}).json() == away.post(PATH, json={"features": RAW}).json()


def test_features_the_model_does_not_know_are_left_out(away: httpx.Client) -> None:
    more = RAW | {"tailnum": "N1234", "taxi": None}
    assert away.post(PATH, json={"features": more}).json() == away.post(PATH, json={"features": RAW}).json()


def test_entity_keys_stand_for_their_features(client: httpx.Client, shared_redis: RedisServer) -> None:
    write_origin(shared_redis.url, "JFK", 20.0, AT - 90_500)
    response = client.post(PATH, json={"entities": {"origin": "JFK"}, "features": {"dep_delay": 40.0}})
    expected = client.post(PATH, json={"features": RAW}).json() | {"feature_age_s": {"origin_features": 90.5}}
    assert response.json() == expected


def test_the_age_is_that_at_the_instant_asked_about(client: httpx.Client, shared_redis: RedisServer) -> None:
    write_origin(shared_redis.url, "EWR", 20.0, AT)
    asked = {"entities": {"origin": "EWR"}, "features": {"dep_delay": 40.0}, "at": "2013-07-04T10:01:00+02:00"}
    assert client.post(PATH, json=asked).json()["feature_age_s"] == {"origin_features": 60.0}


def test_a_raw_feature_wins_over_one_that_is_read(client: httpx.Client, shared_redis: RedisServer) -> None:
    write_origin(shared_redis.url, "BOS", 0.0, AT)
    response = client.post(PATH, json={"entities": {"origin": "BOS"}, "features": RAW})
    assert response.json() == client.post(PATH, json={"features": RAW}).json()


def test_several_instances_are_answered_in_order(client: httpx.Client, shared_redis: RedisServer) -> None:
    write_origin(shared_redis.url, "SFO", 20.0, AT)
    write_origin(shared_redis.url, "LGA", 0.0, AT)
    instances = [
        {"features": RAW},
        {"entities": {"origin": "LGA"}, "features": {"dep_delay": 0.0}},
        {"entities": {"origin": "SFO"}, "features": {"dep_delay": 40.0}},
    ]
    answers = client.post(PATH, json={"instances": instances}).json()["predictions"]
    assert answers == [client.post(PATH, json=instance).json() for instance in instances]
    assert client.post(PATH, json={"instances": []}).json() == {"predictions": []}


def test_without_redis_only_entity_keys_are_refused(away: httpx.Client) -> None:
    response = away.post(PATH, json={"entities": {"origin": "JFK"}, "features": {"dep_delay": 1.0}})
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert "HEADRACE_REDIS" in response.json()["hint"]
    assert away.post(PATH, json={"features": RAW}).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"features": {"dep_delay": 1.0}}, "features.origin_delay_1h"),
        ({"features": {}}, "features.dep_delay"),
        ({"features": RAW | {"dep_delay": "late"}}, "features.dep_delay"),
        ({"features": RAW | {"dep_delay": True}}, "features.dep_delay"),
        ({"features": RAW | {"dep_delay": None}}, "features.dep_delay"),
        ({"features": [1, 2]}, "features"),
        ({"entities": {"origin": 1.5}}, "entities.origin"),
        ({"entities": ["JFK"]}, "entities"),
        ({"entities": {"origin": "nowhere"}, "features": {"dep_delay": 1.0}}, "features.origin_delay_1h"),
        ({"features": RAW, "at": 17}, "at"),
        ({"features": RAW, "at": "yesterday"}, "at"),
        ({"features": RAW, "at": "2013-07-04T08:00:00"}, "at"),
        ({"instances": {}}, "instances"),
        ({"instances": [{"features": RAW}, {"features": {}}]}, "instances[1].features.dep_delay"),
        ({"instances": [{"features": RAW}, 7]}, "instances[1].instance"),
        ({}, "features"),
        ([], "body"),
        ("text", "body"),
    ],
    ids=str,
)
def test_a_bad_request_names_the_field(client: httpx.Client, body: Any, field: str) -> None:
    response = client.post(PATH, json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["field"] == field


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"features": {"dep_delay": NaN}}', b'{"a": 1e999}'])
def test_what_is_no_json_is_refused(away: httpx.Client, body: bytes) -> None:
    response = away.post(PATH, content=body)
    assert response.status_code == 422
    assert response.json()["field"] == "body"


def test_too_much_is_refused(away: httpx.Client) -> None:
    assert away.post(PATH, content=b" " * (1 << 20) + b"{}").status_code == 413
    assert away.post(PATH, json={"instances": [{"features": RAW}] * 1001}).status_code == 413


def test_an_unknown_model_is_404_and_names_those_there_are(away: httpx.Client) -> None:
    response = away.post("/models/latenes/predict", json={"features": RAW})
    assert response.status_code == 404
    assert '"lateness"' in response.json()["hint"]
    assert away.get("/models/latenes").status_code == 404
    assert away.get("/no/such/page").json()["status"] == 404


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), 1 << 63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(1 << 63), (1 << 63) - 1)
bodies = json_values | st.fixed_dictionaries(
    {},
    optional={
        "features": json_values
        | st.fixed_dictionaries({}, optional=dict.fromkeys(CARD.features, json_values | numbers)),
        "entities": json_values | st.fixed_dictionaries({"origin": json_values}),
        "at": json_values | st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
        "instances": json_values,
    },
)


@settings(max_examples=300, deadline=None)
@given(bodies)
def test_no_request_makes_an_error_of_ours(client: httpx.Client, body: Any) -> None:
    response = client.post(PATH, json=body)
    assert response.status_code in {200, 422}
    if response.status_code == 422:
        assert response.json()["field"]


@settings(max_examples=100, deadline=None)
@given(st.binary(), st.text(min_size=1))
def test_no_bytes_and_no_name_make_an_error_of_ours(client: httpx.Client, body: bytes, name: str) -> None:
    assert client.post(PATH, content=body).status_code in {200, 422}
    assert client.post(f"/models/{quote(name, safe='')}/predict", content=body).status_code in {404, 405, 422}


class Broken:
    """A model that fails on every input."""

    def predict_one(self, x: dict[str, Any]) -> Any:
        raise ZeroDivisionError("by design")


class Nan:
    def predict_one(self, x: dict[str, Any]) -> float:
        return math.nan


def test_a_model_that_fails_says_why() -> None:
    with serving(Shard(CARD, Broken()), redis_url="redis://127.0.0.1:1") as client:
        response = client.post(PATH, json={"features": RAW})
    assert response.status_code == 422
    assert "ZeroDivisionError: by design" in response.json()["detail"]


def test_a_regressor_has_no_probabilities_and_nan_is_null() -> None:
    with serving(Shard(CARD, Nan()), redis_url="redis://127.0.0.1:1") as client:
        answer = client.post(PATH, json={"features": RAW}).json()
    assert answer["prediction"] is None
    assert answer["probabilities"] is None


def test_null_is_taken_where_the_card_admits_it() -> None:
    class Which:
        def predict_one(self, x: dict[str, Any]) -> str:
            return repr(x)

    card = replace(CARD, features={"delay": "number?", "tail": "string", "heavy": "boolean", "note": "any"})
    with serving(Shard(card, Which()), redis_url="redis://127.0.0.1:1") as client:
        features = {"tail": "N1", "heavy": False, "note": [1]}
        answer = client.post(PATH, json={"features": features}).json()
        assert answer["prediction"] == repr({"delay": None, "tail": "N1", "heavy": False, "note": [1]})
        assert client.post(PATH, json={"features": features | {"heavy": 1}}).json()["field"] == "features.heavy"


def test_a_keyed_model_answers_with_the_model_of_the_key() -> None:
    sure, unsure = learned(), learned(0)
    first = replace(CARD, keyed_by="origin", shards=2)
    second = replace(first, shard=1)
    with serving(
        Shard(first, {"JFK": sure}), Shard(second, {"LGA": unsure, 7: sure}), redis_url="redis://x:1"
    ) as client:

        def ask(**given: Any) -> Any:
            return client.post(PATH, json=given)

        assert ask(features=RAW | {"origin": "JFK"}).json()["prediction"] is True
        assert ask(features=RAW | {"origin": "LGA"}).json()["probabilities"] == {"false": 0.5, "true": 0.5}
        assert ask(features=RAW, entities={"origin": 7}).json()["prediction"] is True
        assert ask(features=RAW | {"origin": "EWR"}).status_code == 404
        assert ask(features=RAW | {"origin": ["JFK"]}).status_code == 404
        assert ask(features=RAW).json()["field"] == "features.origin"


def test_a_feature_that_redis_does_not_have_is_named_with_its_entity(shared_redis: RedisServer) -> None:
    sets = (*CARD.feature_sets, FeatureSetRef("carrier", "carrier_features", ("carrier_delay_1h",)))
    card = replace(CARD, feature_sets=sets, features=CARD.features | {"carrier_delay_1h": "number"})
    write_origin(shared_redis.url, "SEA", 20.0, AT)
    with serving(Shard(card, MODEL), redis_url=shared_redis.url) as client:
        asked = {"entities": {"origin": "SEA", "carrier": "UA"}, "features": {"dep_delay": 40.0}}
        refused = client.post(PATH, json=asked).json()
    assert refused["field"] == "features.carrier_delay_1h"
    assert 'the entity "carrier"' in refused["hint"]


def test_features_that_the_model_looked_up_are_read_of_the_workflow_that_writes_them(shared_redis: RedisServer) -> None:
    ref = FeatureSetRef("carrier", "carriers", ("carrier_delay_1h",), workflow="elsewhere")
    card = replace(
        CARD, feature_sets=(*CARD.feature_sets, ref), features=CARD.features | {"carrier_delay_1h": "number"}
    )
    write_origin(shared_redis.url, "OAK", 20.0, AT)
    row = FeatureRow("carrier", "UA", "carriers", {"carrier_delay_1h": 3.0}, AT - 2_000, partition=0, offset=0)
    with FeatureStore("carrier").open(shared_redis.url, "elsewhere", 1) as writer:
        writer.write([row], {"0/1.flights.0": AT})
    with serving(Shard(card, MODEL), redis_url=shared_redis.url) as client:
        asked = {"entities": {"origin": "OAK", "carrier": "UA"}, "features": {"dep_delay": 40.0}}
        answer = client.post(PATH, json=asked).json()
    assert answer["feature_age_s"] == {"origin_features": 0.0, "elsewhere.carriers": 2.0}


def test_the_api_describes_itself(away: httpx.Client) -> None:
    paths = away.get("/openapi.json").json()["paths"]
    asked = paths["/models/{name}/predict"]["post"]["requestBody"]["content"]["application/json"]
    for example in asked["examples"].values():
        assert example["value"].keys() & {"features", "entities", "instances"}
    assert {"/models", "/models/{name}", "/healthz", "/readyz", "/metrics"} <= paths.keys()
    assert away.get("/docs").status_code == 200


def test_a_model_is_asked_as_its_pipeline_says(shared_redis: RedisServer) -> None:
    """What its rules repair is repaired, what its filter turns away gets no answer, and its sample does not matter."""
    sample = Sample("0%", by="dep_delay")
    rules = Rules(NotNull("origin_delay_1h", otherwise=Repair(20.0)), InRange("dep_delay", -60))
    model = rules | Filter("dep_delay < 500") | sample | MODEL
    card = replace(CARD, features={"dep_delay": "number", "origin_delay_1h": "number?"})
    with serving(Shard(card, model), redis_url=shared_redis.url) as client:
        good = client.post(PATH, json={"features": {**RAW, "origin_delay_1h": None}})
        filtered = client.post(PATH, json={"features": {**RAW, "dep_delay": 500.0}})
        broken = client.post(PATH, json={"features": {**RAW, "dep_delay": -61.0}})
    assert good.json()["probabilities"]["true"] == MODEL.predict_proba_one(RAW)[True]
    assert (filtered.status_code, filtered.json()["title"]) == (422, "filtered")
    assert 'Filter("dep_delay < 500") does not let it through' in filtered.json()["detail"]
    assert (broken.status_code, broken.json()["title"]) == (422, "rule_broken")
    assert 'field "dep_delay" is -61.0, expected -60 to inf' in broken.json()["detail"]
