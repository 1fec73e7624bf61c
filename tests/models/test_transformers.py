"""What every transformer keeps: it says what it gives, leaves alone what it is asked about, and survives anything."""

from __future__ import annotations

import json
from contextlib import suppress
from copy import deepcopy
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from river import compose, linear_model
from river.checks import common

import models
from models.allowlist import AllowList
from models.artifact import ModelCard, open_artifact, seal
from models.fields import Unknown, may_be_null, not_null, nullable
from models.filtering import Filtered
from models.outcome import Batch, Outcome
from models.pickled import dump, load
from models.recovery import MemoryState, Recoverable
from models.river_fields import output_fields
from models.shard import Shard
from models.stage import Stage
from schemas.errors import BadRecord
from schemas.fields import plain_type
from schemas.version import Version
from tests.models.transformers import CASES, FIELDS, OURS, Case, Record, flights

cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
ours = pytest.mark.parametrize("case", OURS, ids=lambda case: case.name)

_PYTHON: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "int": (int,),
    "long": (int, datetime),
    "double": (float, int),
    "string": (str,),
}


def shard(case: Case) -> Shard:
    return Shard([Stage("node", case.make())])


def rows(outcome: Outcome) -> list[Any]:
    """What became of each record: its features, the reason of its dead letter, or the node that filtered it."""
    fates: list[Any] = list(outcome.features["node"])
    for position, rejection in outcome.rejected.items():
        fates[position] = rejection.error.reason
    for position, node in outcome.filtered:
        fates[position] = ("filtered", node)
    return fates


def apply(shard: Shard, records: list[Record], size: int) -> list[Any]:
    fates = []
    for start in range(0, len(records), size):
        part = deepcopy(records[start : start + size])
        fates += rows(shard.apply(Batch(part, list(range(len(part))))))
    return fates


def fits(value: Any, kind: Any) -> bool:
    if value is None:
        return may_be_null(kind)
    return isinstance(value, _PYTHON[plain_type(not_null(kind))]) and (
        not isinstance(value, bool) or plain_type(kind) == "boolean"
    )


def complete(records: list[Record]) -> list[Record]:
    """The records that nothing is missing from."""
    return [record for record in records if None not in record.values()]


def test_each_of_ours_is_here() -> None:
    made = [case.make() for case in OURS]
    steps = {
        type(step) for each in made for step in (each.steps.values() if type(each) is compose.Pipeline else [each])
    }
    transformers = {getattr(models, name) for name in models.__all__ if hasattr(getattr(models, name), "transform_one")}
    assert transformers - steps == set()


@cases
def test_what_it_gives_is_what_it_says_before_it_runs(case: Case) -> None:
    said = output_fields(case.make(), FIELDS)
    assert isinstance(said, Unknown) is not case.known
    given_rows = [row for row in apply(shard(case), flights(), 7) if isinstance(row, dict)]
    assert given_rows
    if isinstance(said, Unknown):
        assert said.reason
        return
    for row in given_rows:
        assert list(row) == list(said)
        for name, kind in said.items():
            assert fits(row[name], kind), (name, row[name], kind)


@cases
@pytest.mark.parametrize("field", FIELDS)
def test_a_null_is_refused_or_given_on_as_its_fields_say(case: Case, field: str) -> None:
    records = complete(flights(40))
    records[20] = {**records[20], field: None}
    fate = apply(shard(case), records, 7)[20]
    if not isinstance(fate, dict):
        assert fate in ("null_feature", "transform_failed", "rule_broken", ("filtered", "node"))
        return
    said = output_fields(case.make(), {name: nullable(k) if name == field else k for name, k in FIELDS.items()})
    if not isinstance(said, Unknown):
        assert all(fits(fate[name], kind) for name, kind in said.items())


@cases
def test_frames_and_single_records_give_the_same(case: Case) -> None:
    one_by_one = apply(shard(case), flights(), 1)
    assert apply(shard(case), flights(), 50) == one_by_one
    assert apply(shard(case), flights(), 1_000) == one_by_one


@cases
def test_it_does_what_it_does_by_itself(case: Case) -> None:
    """Without a workflow: learn, then transform. Whether a record is repeated is only asked inside of one."""
    records = complete(flights())
    step, fates = Stage("node", case.make()).fresh(), apply(shard(case), records, 50)
    for record, fate in zip(records, fates, strict=True):
        alone = _alone(step, record)
        if isinstance(fate, dict) and "twice" in fate:
            assert alone == {**fate, "twice": False}
        elif case.name != "unique":
            assert alone == fate


def _alone(step: Any, record: Record) -> Any:
    try:
        step.learn_one(record)
        return step.transform_one(record)
    except Filtered:
        return ("filtered", "node")
    except BadRecord as error:
        return error.reason


@cases
def test_asking_changes_neither_the_transformer_nor_the_record(case: Case) -> None:
    step = Stage("node", case.make()).fresh()
    known, asked = complete(flights(40)), complete(flights(60))[40:]
    for record in known:
        _alone(step, record)
    if case.name in ("aggregate", "scaler per origin"):
        asked = [record for record in asked if record["origin"] == known[0]["origin"]]  # river adds a key when asked
    before = dump(step)
    for record in asked:
        copy = deepcopy(record)
        with suppress(Filtered, BadRecord):
            step.transform_one(record)
        assert record == copy
    assert dump(step) == before


@cases
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4), crashes=st.sets(st.integers(0, 10)))
def test_a_crash_changes_nothing(case: Case, sizes: list[int], crashes: set[int]) -> None:
    records, stage, state = flights(), Stage("node", case.make()), MemoryState()
    live = Recoverable(decode, lambda: Shard([stage]), state)
    fates: list[Any] = []
    number = 0
    while len(fates) < len(records):
        if number in crashes:
            live = Recoverable(decode, lambda: Shard([stage]), state)
        size = sizes[number % len(sizes)]
        fates += rows(live.process(json.dumps(records[len(fates) : len(fates) + size]).encode()))
        number += 1
    assert fates == apply(Shard([stage]), records, 30)


def decode(frame: bytes) -> Batch:
    records = json.loads(frame)
    return Batch(records, list(range(len(records))))


@cases
def test_a_copy_goes_on_as_the_original(case: Case) -> None:
    original = shard(case)
    apply(original, flights(60), 20)
    copy = load(dump(original))
    assert apply(copy, flights()[60:], 20) == apply(original, flights()[60:], 20)


@ours
@pytest.mark.parametrize(
    "check",
    [
        common.check_repr,
        common.check_str,
        common.check_tags,
        common.check_clone_same_class,
        common.check_clone_is_idempotent,
        common.check_mutate_can_be_idempotent,
        common.check_doc,
        common.check_pickling_supports_roundtrip,
        common.check_repr_roundtrips_clone,
        common.check_get_params_matches_signature,
    ],
    ids=lambda check: check.__name__,
)
def test_rivers_own_checks(case: Case, check: Any) -> None:
    step = case.make()
    check(step[-1] if isinstance(step, compose.Pipeline) else step)


@ours
@pytest.mark.parametrize(
    "check",
    [
        common.check_learn_one,
        common.check_predict_one_pure,
        common.check_no_state_aliasing_with_input,
        common.check_clone_is_independent,
        common.check_transform_one,
    ],
    ids=lambda check: check.__name__,
)
def test_rivers_own_checks_on_records(case: Case, check: Any) -> None:
    step = case.make()
    fates = apply(shard(case), complete(flights()), 50)
    passing = [x for x, fate in zip(complete(flights()), fates, strict=True) if isinstance(fate, dict)]
    check(step.clone(), dataset=[(x, 0.0) for x in passing])


@ours
def test_it_joins_rivers_pipelines_and_unions(case: Case) -> None:
    joined = case.make() | compose.Prefixer("p_")
    fates = apply(Shard([Stage("node", joined)]), flights(30), 10)
    alone = apply(shard(case), flights(30), 10)
    for fate, own in zip(fates, alone, strict=True):
        assert fate == ({f"p_{name}": value for name, value in own.items()} if isinstance(own, dict) else own)


@ours
def test_a_published_model_may_hold_it(case: Case) -> None:
    trusted = AllowList(("tests.models.transformers", "sklearn", "scipy") if "sklearn" in case.name else ())
    if case.name == "derive":
        trusted = AllowList(("tests.models.transformers",))  # the author's own functions are for the operator to trust
    model = Stage("node", case.make() | linear_model.LogisticRegression(), label="late").fresh()
    card = ModelCard("demo", "model", Version(1, 1), 0, features={}, label="late")
    _, opened = open_artifact(seal(card, model, b"k" * 32), b"k" * 32, trusted)
    assert dump(opened) == dump(model)
