"""A request about many instances gets the answers, and the errors, that each instance gets by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.scoring import Shard
from engine.scoring.asked import Asked, Instance
from engine.scoring.predictor import MANY
from engine.scoring.problem import Unanswerable
from engine.scoring.scorer import answer
from engine.scoring.served import Served
from engine.scoring.twins import Twins
from engine.scoring.wire import encode
from tests.engine.scoring.lateness import AT, CARD, RAW, learned

TWINS = Twins()
CARDS = {
    "one": replace(CARD, features={"dep_delay": "number?", "origin_delay_1h": "number"}),
    "keyed": replace(CARD, features={"dep_delay": "number?", "origin_delay_1h": "number"}, keyed_by="origin", shards=2),
}
SURE, UNSURE = learned(), learned(30)


def served(kind: str, twins: Twins | None) -> Served:
    card = CARDS[kind]
    if kind == "one":
        return Served([Shard(card, SURE, twins)])
    return Served([Shard(card, {"JFK": SURE}, twins), Shard(replace(card, shard=1), {"LGA": UNSURE, 7: SURE}, twins)])


def at_once(served: Served, instances: list[Instance]) -> Any:
    try:
        encoded = encode(answer(served, Asked(instances, batch=True)), batch=True)
    except Unanswerable as problem:
        return problem.reason, problem.field, problem.message
    return orjson.loads(encoded)["predictions"]  # 0 is 0.0 here: river gives both


def one_by_one(served: Served, instances: list[Instance]) -> Any:
    answers = []
    for place, instance in enumerate(instances):
        try:
            encoded = encode(answer(served, Asked([instance], batch=False)), batch=False)
        except Unanswerable as problem:
            return problem.reason, f"instances[{place}].{problem.field}", problem.message
        answers.append(orjson.loads(encoded))
    return answers


_number = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**64 - 1)
_good = st.fixed_dictionaries({"dep_delay": _number, "origin_delay_1h": _number, "origin": st.sampled_from(["JFK", 7])})
_odd = st.fixed_dictionaries(
    {"origin_delay_1h": _number | st.sampled_from(["late", None, True])},
    optional={"dep_delay": _number | st.none(), "origin": st.sampled_from(["LGA", "EWR", None, 7.0, True])},
)


@pytest.mark.parametrize("kind", CARDS)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_many_instances_get_what_each_gets(kind: str, data: st.DataObject) -> None:
    TWINS.wait()
    count = data.draw(st.sampled_from([1, MANY - 1, MANY]))
    drawn = data.draw(st.lists(_good, min_size=1, max_size=9)) * count
    instances = [Instance(features, {}, AT) for features in drawn[:count]]
    for features in data.draw(st.lists(_odd, max_size=2)):
        instances.insert(data.draw(st.integers(0, len(instances))), Instance(features, {}, AT))
    assert at_once(served(kind, TWINS), instances) == one_by_one(served(kind, None), instances)


def test_a_new_version_answers_by_what_it_has_learned() -> None:
    TWINS.wait()
    many = Asked([Instance(RAW, {}, AT)] * MANY, batch=True)
    for model in (SURE, UNSURE):
        answers: list[Any] = answer(Served([Shard(CARD, model, TWINS)]), many)
        assert [each.probabilities for each in answers] == [model.predict_proba_one(RAW)] * MANY


def test_twins_are_asked_where_there_are_many() -> None:
    TWINS.wait()
    shard = Shard(CARD, SURE, TWINS)
    assert shard.predict_many(None, [RAW] * (MANY - 1)) == [None] * (MANY - 1)
    assert shard.predict_many(None, [RAW] * MANY) == [shard.predict(None, RAW)] * MANY
    assert Shard(CARD, SURE).predict_many(None, [RAW] * MANY) == [None] * MANY


def test_what_is_not_asked_about_many_instances_imports_nothing() -> None:
    twins = Twins()
    assert at_once(Served([Shard(CARD, SURE, twins)]), [Instance(RAW, {}, AT)] * (MANY - 1))
    assert twins._importing is None
