"""Compiled bagging gives what river's gives, to the last bit."""

from __future__ import annotations

from river import compose, ensemble, feature_extraction, linear_model, stats

from models.outcome import Batch
from models.shard import Shard
from models.stage import Stage
from tests.models.compiled.pipelines import Record, table
from tests.models.compiled.test_learner import results


def test_means_of_labels_that_are_classes_are_those_of_river() -> None:
    means = feature_extraction.TargetAgg(by="s", how=stats.Mean()) + compose.Select("a")
    model = ensemble.BaggingClassifier(means | linear_model.SoftmaxRegression(), n_models=2, seed=1)
    river, compiled = (Shard([Stage("model", model, label="y")], is_compiled=each) for each in (False, True))
    records: list[Record] = [{"s": "AB"[at % 2], "a": at % 3, "y": (7, 2, 9)[at // 2 % 3]} for at in range(40)]
    expected = results(river, Batch([dict(record) for record in records], [0] * 40))
    assert results(compiled, Batch(table(records, ("s", "a", "y")), [0] * 40)) == expected
