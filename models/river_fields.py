"""Which fields each transformer gives: river's by this table, ours and anybody's by their own `output_fields`.

A transformer says it with the method `output_fields(fields)`: from the fields of its input to those of its output, each
a mapping of names to Avro types in order, or `Unknown`. It raises Fatal where it names a field that its input lacks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import singledispatch
from typing import Any

from river import compose, feature_extraction, preprocessing, stats

from models.annotations import returned_fields
from models.fields import (
    Fields,
    Unknown,
    described,
    expect,
    expect_numbers,
    may_be_null,
    not_null,
    nullable,
)
from models.looked_up import LookedUp
from models.stage import Kind, Stage, kind_of
from schemas.errors import Fatal
from schemas.fields import plain_type

_PYTHON = {
    "boolean": bool,
    "int": int,
    "long": int,
    "float": float,
    "double": float,
    "string": str,
    "enum": str,
    "bytes": bytes,
}
_DTYPES = {bool: "boolean", int: "long", float: "double"}


def stage_fields(
    stages: Sequence[Stage], reader: dict[str, Any], inputs: Mapping[str, str] | None = None
) -> dict[str, Fields]:
    """What each stage gives, by its name, for records read with the schema `reader`; of an estimator, what it is given.

    `inputs` says which stage each of them reads; what is no stage is the records. Without it, they stand in a row.
    Raises Fatal, naming the pipeline, where a transformer names a field that its input does not have.
    """
    labels = {stage.label for stage in stages}  # what is to be predicted is taken out before a transformer sees it
    records: Fields = {field["name"]: field["type"] for field in reader["fields"] if field["name"] not in labels}
    given: dict[str, Fields] = {}
    before = None
    for stage in stages:
        read = before if inputs is None else inputs[stage.name]
        try:
            given[stage.name] = output_fields(stage.pipeline, given.get(read, records) if read else records)
        except Fatal as error:
            kind = "connector" if isinstance(stage.pipeline, LookedUp) else "pipeline"
            raise Fatal(f'{kind} "{stage.name}": {error.message}', hint=error.hint) from error
        before = stage.name
    return given


@singledispatch
def output_fields(step: Any, fields: Fields) -> Fields:
    """The fields that a transformer gives for an input with these.

    >>> output_fields(compose.Discard("at") | preprocessing.StandardScaler(), {"at": "long", "delay": "int"})
    {'delay': 'double'}
    >>> output_fields(preprocessing.OneHotEncoder(), {"carrier": "string"})
    Unknown(reason='OneHotEncoder makes a field of each value that it meets')
    """
    said = getattr(step, "output_fields", None)
    if said is not None:
        answer: Fields = said(fields)
        return answer
    if kind_of(step) is not Kind.TRANSFORMER:
        return fields  # what an estimator is given
    return Unknown(f"{type(step).__name__} does not say which fields it gives")


@output_fields.register
def _(step: compose.Pipeline, fields: Fields) -> Fields:
    for inner in step.steps.values():
        if kind_of(inner) is Kind.TRANSFORMER:
            fields = output_fields(inner, fields)
    return fields


@output_fields.register
def _(step: compose.TransformerUnion, fields: Fields) -> Fields:
    merged: dict[Any, Any] = {}
    unknown = None
    for branch in reversed(step.transformers.values()):  # of fields with one name the first counts, as river has it
        given = output_fields(branch, fields)
        if isinstance(given, Unknown):
            unknown = given
        else:
            merged.update(given)
    return unknown or merged


@output_fields.register
def _(step: compose.TransformerProduct, fields: Fields) -> Fields:
    return Unknown("TransformerProduct multiplies what it meets")


@output_fields.register
def _(step: compose.Select, fields: Fields) -> Fields:
    expect(fields, sorted(step.keys, key=str), "Select")
    if isinstance(fields, Unknown):
        return fields
    return {name: fields[name] for name in sorted(step.keys, key=str)}


@output_fields.register
def _(step: compose.Discard, fields: Fields) -> Fields:
    expect(fields, sorted(step.keys, key=str), "Discard")
    return _kept(fields, [name for name in fields if name not in step.keys] if not isinstance(fields, Unknown) else [])


@output_fields.register
def _(step: compose.SelectType, fields: Fields) -> Fields:
    if isinstance(fields, Unknown):
        return fields
    kept = [name for name, kind in fields.items() if issubclass(_python(kind), step.types)]
    for name in kept:
        if may_be_null(fields[name]):
            return Unknown(f'SelectType takes "{name}" where it is not null')
    return _kept(fields, kept)


@output_fields.register
def _(step: compose.Renamer, fields: Fields) -> Fields:
    if isinstance(fields, Unknown):
        return fields
    renamed = dict(fields)
    for old, new in step.mapping.items():
        expect(renamed, [old], "Renamer")
        renamed[new] = renamed.pop(old)
    return renamed


@output_fields.register(compose.Prefixer)
@output_fields.register(compose.Suffixer)
def _(step: Any, fields: Fields) -> Fields:
    return fields if isinstance(fields, Unknown) else {step._rename(name): kind for name, kind in fields.items()}


@output_fields.register
def _(step: compose.FuncTransformer, fields: Fields) -> Fields:
    return returned_fields(step.func)


@output_fields.register
def _(step: compose.Grouper, fields: Fields) -> Fields:
    expect(fields, step.by, "Grouper")
    return output_fields(step.transformer, fields)


@output_fields.register(preprocessing.StandardScaler)
@output_fields.register(preprocessing.MinMaxScaler)
@output_fields.register(preprocessing.MaxAbsScaler)
@output_fields.register(preprocessing.RobustScaler)
@output_fields.register(preprocessing.AdaptiveStandardScaler)
@output_fields.register(preprocessing.Normalizer)
def _(step: Any, fields: Fields) -> Fields:
    if isinstance(fields, Unknown):
        return fields
    expect_numbers(fields, fields, type(step).__name__)
    return dict.fromkeys(fields, "double")


@output_fields.register
def _(step: preprocessing.Binarizer, fields: Fields) -> Fields:
    if isinstance(fields, Unknown):
        return fields
    kind = _DTYPES.get(step.dtype)
    if kind is None:
        return Unknown(f"Binarizer gives {step.dtype.__name__}, which Avro does not have")
    numbers = {name for name, given in fields.items() if issubclass(_python(given), int | float)}
    return {
        name: (nullable(kind) if may_be_null(given) else kind) if name in numbers else given
        for name, given in fields.items()
    }


@output_fields.register
def _(step: preprocessing.OrdinalEncoder, fields: Fields) -> Fields:
    if step.categories is not None:
        expect(fields, step.categories, "OrdinalEncoder")
    if isinstance(fields, Unknown):
        return fields
    return dict.fromkeys(fields, "long" if step.unknown_value is not None else ["null", "long"])


@output_fields.register
def _(step: preprocessing.OneHotEncoder, fields: Fields) -> Fields:
    if step.categories is None or step.drop_zeros:
        return Unknown("OneHotEncoder makes a field of each value that it meets")
    expect(fields, step.categories, "OneHotEncoder")
    names = sorted(step._zero_dict)
    return dict.fromkeys(names[1:] if step.drop_first else names, "long")


@output_fields.register
def _(step: preprocessing.PreviousImputer, fields: Fields) -> Fields:
    return fields  # null where nothing came before


@output_fields.register
def _(step: preprocessing.StatImputer, fields: Fields) -> Fields:
    expect(fields, step.stats, "StatImputer")
    if isinstance(fields, Unknown):
        return fields
    imputed = dict(fields)
    for name, stat in step.stats.items():
        if stat.get() is not None:  # else null, where it has seen nothing
            imputed[name] = not_null(fields[name])
        if isinstance(stat, stats.Mean | stats.Quantile | stats.BayesianMean) and fields[name] != "null":
            expect_numbers(fields, [name], "StatImputer")
            imputed[name] = "double" if stat.get() is not None else ["null", "double"]
    return imputed


@output_fields.register(feature_extraction.Agg)
@output_fields.register(feature_extraction.TargetAgg)
def _(step: Any, fields: Fields) -> Fields:
    named = [*([step.on] if type(step) is feature_extraction.Agg else []), *(step.by or ())]
    expect(fields, named, type(step).__name__)
    if isinstance(step.how, stats.Mean | stats.BayesianMean | stats.Sum | stats.Var | stats.EWMean | stats.Count):
        return {step._feature_name: "double"}
    return Unknown(f"what {type(step).__name__} gives depends on {type(step.how).__name__}")


@output_fields.register(preprocessing.GaussianRandomProjector)
@output_fields.register(preprocessing.SparseRandomProjector)
def _(step: Any, fields: Fields) -> Fields:
    if not isinstance(fields, Unknown):
        expect_numbers(fields, fields, type(step).__name__)
    return dict.fromkeys(range(step.n_components), "double")


@output_fields.register(feature_extraction.BagOfWords)
@output_fields.register(feature_extraction.TFIDF)
def _(step: Any, fields: Fields) -> Fields:
    if step.on is not None:
        expect(fields, [step.on], type(step).__name__)
    return Unknown(f"{type(step).__name__} makes a field of each word that it meets")


@output_fields.register
def _(step: preprocessing.FeatureHasher, fields: Fields) -> Fields:
    if step.seed is None:
        raise Fatal("FeatureHasher: has no seed, so it hashes otherwise in every run", hint="give it one: seed=1")
    return Unknown("FeatureHasher gives the buckets that a record falls into")


def _kept(fields: Fields, names: Sequence[Any]) -> Fields:
    return fields if isinstance(fields, Unknown) else {name: fields[name] for name in names}


def _python(kind: Any) -> type:
    """The Python type of the values of an Avro type, as far as river asks for it."""
    word = described(kind).rstrip("?")
    if word.startswith("timestamp"):
        return datetime
    return _PYTHON.get(plain_type(kind), object) if word in _PYTHON else object
