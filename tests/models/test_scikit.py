"""Scikit-learn's transformers learn as river's do: in the order of the records, in batches that no frame cuts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from river import linear_model
from sklearn import decomposition, preprocessing

from models import ScikitTransformer
from models.shard import Shard
from models.stage import Stage
from schemas.errors import Fatal
from tests.models.pipelines import batch, phishing
from tests.models.test_shard import said

NAMES = ("long_url", "https", "age_of_domain")


def test_it_gives_what_scikit_learn_gives() -> None:
    records = phishing()[:100]
    rows = np.array([[record[name] for name in NAMES] for record in records])
    step = ScikitTransformer(decomposition.IncrementalPCA(2), NAMES, ("first", "second"), batch=10)
    reference = decomposition.IncrementalPCA(2)
    for i, record in enumerate(records):
        step.learn_one(record)
        if i % 10 == 9:
            reference.partial_fit(rows[i - 9 : i + 1])
            expected = reference.transform(rows[i : i + 1])[0].tolist()
            assert list(step.transform_one(record).values()) == expected


def test_before_it_has_learned_it_gives_zeros() -> None:
    step = ScikitTransformer(preprocessing.StandardScaler(), ("a",), batch=2)
    step.learn_one({"a": 1.0})
    assert step.transform_one({"a": 5.0}) == {"a": 0.0}
    step.learn_one({"a": 3.0})
    assert step.transform_one({"a": 5.0}) == {"a": 3.0}


@pytest.mark.parametrize("size", [1, 7, 200])
def test_a_model_learns_behind_it_however_records_are_cut(size: int) -> None:
    scaler = ScikitTransformer(preprocessing.StandardScaler(), NAMES)
    records = phishing()[:80]
    model = scaler.clone() | linear_model.LogisticRegression()
    expected = []
    for record in records:
        x = {name: value for name, value in record.items() if name != "y"}
        expected.append(model.predict_proba_one(x))
        model.learn_one(x, record["y"])
    shard, got = Shard([Stage("model", scaler | linear_model.LogisticRegression(), label="y")]), list[Any]()
    for start in range(0, len(records), size):
        got += said(shard.apply(batch(records[start : start + size])).predictions)
    assert got == expected


def test_a_null_is_a_dead_letter() -> None:
    shard = Shard([Stage("scaled", ScikitTransformer(preprocessing.StandardScaler(), ("a",)))])
    outcome = shard.apply(batch([{"a": 1.0}, {"a": None}]))
    assert {i: r.error.reason for i, r in outcome.rejected.items()} == {1: "null_feature"}


@pytest.mark.parametrize(
    ("transformer", "fields", "said"),
    [
        (preprocessing.PowerTransformer(), ("a",), "PowerTransformer has no partial_fit"),
        (preprocessing.StandardScaler(), (), "expected one or more of both"),
    ],
)
def test_what_cannot_learn_bit_by_bit_is_refused(transformer: Any, fields: tuple[str, ...], said: str) -> None:
    with pytest.raises(Fatal, match=said):
        ScikitTransformer(transformer, fields)
