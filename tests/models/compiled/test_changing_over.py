"""What was learned by twins goes over to river and back at any record, and the numbers stay those of river."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import anomaly, cluster, datasets, ensemble, linear_model, naive_bayes, preprocessing, tree

from models.outcome import Batch
from models.shard import Shard
from models.stage import Stage, last_step
from tests.models.compiled.pipelines import Record, table
from tests.models.compiled.test_learner import changed_over, results, whole

RECORDS = 500
PHISHING, NUMBERS = datasets.Phishing(), datasets.TrumpApproval()
LEARNERS: dict[str, tuple[Any, Any, str | None]] = {
    "linear": (PHISHING, preprocessing.StandardScaler() | linear_model.LogisticRegression(), "label"),
    "naive Bayes": (PHISHING, naive_bayes.GaussianNB(), "label"),
    "a tree for classes": (PHISHING, tree.HoeffdingTreeClassifier(grace_period=20, delta=0.1), "label"),
    "a tree for numbers": (NUMBERS, tree.HoeffdingTreeRegressor(grace_period=20, delta=0.1), "label"),
    "bagged trees": (
        PHISHING,
        ensemble.BaggingClassifier(tree.HoeffdingTreeClassifier(grace_period=20, delta=0.1), n_models=3, seed=1),
        "label",
    ),
    "half-space trees": (PHISHING, anomaly.HalfSpaceTrees(5, 5, 50, seed=1), None),
    "k-means": (PHISHING, preprocessing.StandardScaler() | cluster.KMeans(4, seed=1), None),
}


@pytest.mark.parametrize("learner", LEARNERS)
@settings(max_examples=5)
@given(cuts=st.sets(st.integers(1, RECORDS - 1), min_size=2, max_size=9))
def test_a_shard_that_changes_over_at_any_records_gives_what_river_gives(learner: str, cuts: set[int]) -> None:
    data, model, label = LEARNERS[learner]
    stage = Stage("model", model, label=label)
    records: list[Record] = [{**x, "label": y} if label else x for x, y in list(data)[:RECORDS]]
    river, changing = Shard([stage]), Shard([stage], is_compiled=True)
    for number, (start, end) in enumerate(pairwise([0, *sorted(cuts), RECORDS])):
        if start:
            changing = changed_over(changing, stage, is_compiled=number % 2 == 0)
        part, times = records[start:end], list(range(start, end))
        expected = results(river, Batch([dict(record) for record in part], times))
        assert results(changing, Batch(table(part, tuple(part[0])), times)) == expected
        assert changing.is_in_columns == (number % 2 == 0)
    if label is None:  # what these say is coarse, or late
        assert whole(last_step(changing.model)) == whole(last_step(river.model))
