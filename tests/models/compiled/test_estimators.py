"""A compiled estimator gives what river gives to the last bit, whatever its labels and features are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import compose, datasets, linear_model, naive_bayes, optim, preprocessing

from models.outcome import Batch
from models.shard import Shard
from models.stage import Stage, last_step
from tests.models.compiled.estimators import LABELS, changing_streams, estimator_pipelines
from tests.models.compiled.pipelines import table
from tests.models.compiled.test_learner import check, results


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("key", [None, "k"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_estimator_over_changing_features_gives_what_river_gives(
    key: str | None, label: str, data: st.DataObject
) -> None:
    stage = Stage("model", data.draw(estimator_pipelines(label=label, keyed=key is not None)), label="y", key=key)
    stream = data.draw(changing_streams(label=label, keyed=key is not None))
    is_compiled = not isinstance(last_step(stage.fresh()), naive_bayes.MultinomialNB)  # it finds features impossible
    with np.errstate(all="ignore"):  # river adds up numpy's numbers, which warn
        check(stage, stream, data, is_compiled=is_compiled)


SHIPPED = [
    (datasets.ImageSegments, naive_bayes.GaussianNB()),
    (datasets.ImageSegments, naive_bayes.BernoulliNB()),
    (datasets.ImageSegments, linear_model.SoftmaxRegression()),
    (datasets.ImageSegments, linear_model.SoftmaxRegression(optim.AdaGrad())),
    (datasets.ImageSegments, linear_model.SoftmaxRegression(optim.RMSProp())),
    (datasets.ImageSegments, linear_model.SoftmaxRegression(optim.Adam())),
    (datasets.Phishing, naive_bayes.MultinomialNB()),
    (datasets.Bananas, linear_model.PAClassifier()),
    (datasets.ChickWeights, linear_model.PARegressor()),
]


@pytest.mark.parametrize(("dataset", "model"), SHIPPED, ids=lambda each: getattr(each, "__name__", type(each).__name__))
def test_data_sets_of_river_give_what_river_gives_in_changing_orders(dataset: Any, model: Any) -> None:
    scaled = [] if isinstance(model, naive_bayes.MultinomialNB) else [preprocessing.StandardScaler()]
    stage = Stage("model", compose.Pipeline(*scaled, model), label="label")
    records = [{**x, "label": y} for x, y in dataset().take(1_000)]
    river, compiled = Shard([stage]), Shard([stage], is_compiled=True)
    for start in range(0, len(records), 300):
        part = records[start : start + 300]
        if start % 600:
            part = [dict(reversed(record.items())) for record in part]  # sums run in the order of either
        times = list(range(start, start + len(part)))
        expected = results(river, Batch([dict(record) for record in part], times))
        assert results(compiled, Batch(table(part, tuple(part[0])), times)) == expected
        assert compiled.is_in_columns
