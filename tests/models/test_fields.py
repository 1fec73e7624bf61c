"""A pipeline that names what its input does not have is refused by name before anything runs."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

import fastavro
import pytest
from river import compose, feature_extraction, linear_model, preprocessing, stats

from models import Bin, Cast, Declare, Derive, Filter, RollingMean, Sample, ScikitTransformer, Split
from models.fields import Unknown, record_schema
from models.pickled import dump, load
from models.river_fields import output_fields, stage_fields
from models.stage import Stage
from schemas.avro import parse
from schemas.errors import BadRecord, Fatal
from tests.models.transformers import FIELDS

READER = {"type": "record", "name": "Flight", "fields": [{"name": n, "type": t} for n, t in FIELDS.items()]}


def lambdas(x: dict[str, Any]) -> int:
    return 1


def rolling(field: str = "delay", by: str = "origin", on: str = "at") -> RollingMean:
    return RollingMean(field, by=by, window="1h", on=on)


@pytest.mark.parametrize(
    ("pipeline", "said"),
    [
        (compose.Select("nope"), "Select: its input has no field"),
        (compose.Discard("nope"), "Discard: its input has no field"),
        (compose.Renamer({"nope": "a"}), "Renamer: its input has no field"),
        (compose.Select("at") | compose.Prefixer("nope_") | compose.Select("nope"), "Select: its input has no field"),
        (preprocessing.StatImputer(("nope", 1)), "StatImputer: its input has no field"),
        (preprocessing.OneHotEncoder({"nope": {1}}), "OneHotEncoder: its input has no field"),
        (feature_extraction.Agg("nope", "origin", stats.Mean()), "Agg: its input has no field"),
        (feature_extraction.BagOfWords(on="nope"), "BagOfWords: its input has no field"),
        (preprocessing.OneHotEncoder() + compose.Select("nope"), "Select: its input has no field"),
        (compose.Select("at") * "nope", "Grouper: its input has no field"),
        (rolling(field="nope"), "RollingMean: its input has no field"),
        (rolling(by="nope"), "RollingMean: its input has no field"),
        (rolling(on="nope"), "RollingMean: its input has no field"),
        (Bin(nope=[1]), "Bin: its input has no field"),
        (Cast(nope="int"), "Cast: its input has no field"),
        (Derive(a="nope + 1"), 'expression "nope \\+ 1": its input has no field'),
        (Filter("nope > 1"), 'expression "nope > 1": its input has no field'),
        (Sample("1%", by="nope"), "Sample: its input has no field"),
        (Split("nope", {"all": "100%"}), "Split: its input has no field"),
        (ScikitTransformer(__import__("sklearn").preprocessing.StandardScaler(), ("nope",)), "no field"),
    ],
    ids=str,
)
def test_what_is_not_there_is_named(pipeline: Any, said: str) -> None:
    with pytest.raises(Fatal, match=f'pipeline "node": {said}.* "nope"|pipeline "node": .*no field "nope"'):
        stage_fields([Stage("node", pipeline)], READER)


@pytest.mark.parametrize(
    ("pipeline", "said"),
    [
        (preprocessing.StandardScaler(), 'StandardScaler: field "flight" is of type string, expected a number'),
        (rolling(field="origin"), 'RollingMean: field "origin" is of type string, expected a number'),
        (rolling(on="origin"), 'RollingMean: field "origin" is of type string, expected a time'),
        (Bin(origin=[1]), 'Bin: field "origin" is of type string, expected a number'),
        (Filter("seats + 1"), "is of type long, expected boolean"),
        (Derive(a="origin / 2"), 'expression "origin / 2": origin is of type string, expected a number'),
        (preprocessing.FeatureHasher(8), "FeatureHasher: has no seed"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_named(pipeline: Any, said: str) -> None:
    with pytest.raises(Fatal, match=said.replace("+", r"\+")):
        stage_fields([Stage("node", pipeline)], READER)


def test_each_stage_is_checked_against_what_the_one_before_gives() -> None:
    stages = [
        Stage("features", compose.Select("seats", "cancelled") | compose.Renamer({"seats": "places"})),
        Stage("model", compose.Discard("seats") | linear_model.LogisticRegression(), label="cancelled"),
    ]
    with pytest.raises(Fatal, match=r'pipeline "features": Select: its input has no field "cancelled"'):
        stage_fields(stages, READER)  # the label is taken out before any transformer sees a record
    stages[0] = Stage("features", compose.Select("seats") | compose.Renamer({"seats": "places"}))
    with pytest.raises(Fatal, match=r'pipeline "model": Discard: its input has no field "seats"\nhint: it has places'):
        stage_fields(stages, READER)


class Optional(TypedDict):
    here: int
    perhaps: NotRequired[int]


def optional(_: Any) -> Optional:
    return {"here": 1}


@pytest.mark.parametrize(
    ("pipeline", "reason"),
    [
        (compose.FuncTransformer(optional), 'function "optional" may leave out perhaps'),
        (compose.FuncTransformer(lambdas), 'function "lambdas" does not say which fields it returns'),
        (Derive(a=lambda x: 1), 'the function of "a" does not say which type it returns'),
        (preprocessing.OneHotEncoder(), "OneHotEncoder makes a field of each value that it meets"),
        (compose.SelectType(float), 'SelectType takes "delay" where it is not null'),
        (feature_extraction.TargetAgg("origin", stats.Mode()), "what TargetAgg gives depends on Mode"),
        (compose.Select("seats") | linear_model.LogisticRegression(), None),
    ],
    ids=str,
)
def test_what_only_the_data_decides_says_why(pipeline: Any, reason: str | None) -> None:
    fields = output_fields(pipeline, FIELDS)
    if reason is None:
        assert fields == {"seats": "int"}  # what the estimator is given
    else:
        assert isinstance(fields, Unknown)
        assert reason in fields.reason
        with pytest.raises(Fatal, match="its fields are unknown before it runs"):
            record_schema("Result", fields)


def test_an_author_declares_what_nobody_can_know() -> None:
    pipeline = compose.Select("origin") | preprocessing.OneHotEncoder() | Declare(origin_JFK="int", note="string?")
    fields = output_fields(pipeline, FIELDS)
    assert fields == {"origin_JFK": "int", "note": ["null", "string"]}
    with pytest.raises(BadRecord, match='field "a": float, declared as int'):
        Declare(a="int").transform_one({"a": 1.5})
    with pytest.raises(BadRecord, match='field "a": null, declared as int'):
        Declare(a="int").transform_one({"a": None})
    with pytest.raises(BadRecord, match='field "a": bool, declared as int'):
        Declare(a="int").transform_one({"a": True})


def test_the_fields_make_an_avro_schema_that_the_features_fit() -> None:
    pipeline = compose.Discard("delay", "flight") | Derive(far="distance > 1000", per_seat="distance / seats")
    fields = output_fields(pipeline, FIELDS)
    schema = record_schema("Features", fields)
    row = pipeline.transform_one({"origin": "JFK", "distance": 1.0, "seats": 0, "cancelled": False, "at": 7})
    assert fastavro.validate(row, parse(schema))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"a*b": "double"}, "'a\\*b' is no name for a field in Avro"),
        ({0: "double"}, "0 is no name for a field in Avro"),
    ],
)
def test_what_avro_cannot_say_is_refused(fields: Any, said: str) -> None:
    with pytest.raises(Fatal, match=said):
        record_schema("Features", fields)


def test_rivers_renamer_leaves_the_record_as_it_was() -> None:
    step = Stage("node", compose.Renamer({"a": "b"}) | compose.Prefixer("x_")).fresh()
    x = {"a": 1}
    assert step.transform_one(x) == {"x_b": 1}
    assert x == {"a": 1}
    assert load(dump(step)).transform_one(x) == {"x_b": 1}


def test_target_means_belong_in_front_of_an_estimator() -> None:
    mean = feature_extraction.TargetAgg("origin", stats.Mean())
    with pytest.raises(Fatal, match='node "mean": learns from the label, but ends in neither a classifier nor'):
        Stage("mean", mean)
    assert output_fields(mean | linear_model.LinearRegression(), FIELDS) == {"y_mean_by_origin": "double"}


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("int", "7", 7),
        ("int", 7.9, 7),
        ("long", 1 << 40, 1 << 40),
        ("double", "1.5", 1.5),
        ("boolean", " True ", True),
        ("boolean", 0, False),
        ("string", True, "true"),
        ("string", 1.5, "1.5"),
        ("int", None, None),
    ],
)
def test_values_are_cast(kind: str, value: Any, expected: Any) -> None:
    got = Cast(a=kind).transform_one({"a": value, "b": 1})
    assert got == {"a": expected, "b": 1}
    assert type(got["a"]) is type(expected)


@pytest.mark.parametrize(("kind", "value"), [("int", 1 << 40), ("int", "x"), ("double", "nan"), ("boolean", "yes")])
def test_what_cannot_be_cast_is_a_bad_record(kind: str, value: Any) -> None:
    with pytest.raises(BadRecord, match=f"is no {kind}") as caught:
        Cast(a=kind).transform_one({"a": value})
    assert caught.value.reason == "cast_failed"


def test_bins_hold_their_lower_edge() -> None:
    step = Bin(a=[0, 10])
    assert [step.transform_one({"a": a})["a"] for a in (-0.1, 0, 9.9, 10, None)] == [0, 1, 1, 2, None]
    with pytest.raises(Fatal, match="expected numbers that rise"):
        Bin(a=[1, 1])
