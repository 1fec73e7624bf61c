"""All data sets that river ships give what river gives, to the last bit, and no frame of them has to go by river."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from numbers import Number
from typing import Any

import pytest
from river import (
    anomaly,
    cluster,
    compose,
    datasets,
    ensemble,
    feature_extraction,
    linear_model,
    naive_bayes,
    optim,
    preprocessing,
    stats,
    tree,
)

from models.compiled.learner import CompiledLearner
from models.outcome import Batch
from models.shard import Shard
from models.stage import Stage
from tests.models.compiled.pipelines import Record, table
from tests.models.compiled.test_learner import results

FRAME = 500
MOST = 5_300  # of the 49,097 records of one data set; the next largest has so many
SCALED = preprocessing.StandardScaler
PLAIN = {
    "scaled, by stochastic gradient descent": lambda: SCALED() | linear_model.LinearRegression(),
    "by FTRL, clipped": lambda: (
        preprocessing.MinMaxScaler() | linear_model.LinearRegression(optim.FTRLProximal(), clip_gradient=10.0)
    ),
    "by Adam, l2": lambda: preprocessing.MaxAbsScaler() | linear_model.LinearRegression(optim.Adam(), l2=0.01),
    "passive-aggressive": lambda: preprocessing.AdaptiveStandardScaler() | linear_model.PARegressor(),
    "a tree": lambda: tree.HoeffdingTreeRegressor(grace_period=50, delta=0.01),
    "bagged": lambda: ensemble.BaggingRegressor(SCALED() | linear_model.LinearRegression(), n_models=3, seed=1),
}
TWO = {
    "scaled, by stochastic gradient descent": lambda: SCALED() | linear_model.LogisticRegression(),
    "by AdaGrad, l1": lambda: SCALED() | linear_model.LogisticRegression(optim.AdaGrad(), l1=0.01),
    "a perceptron": lambda: preprocessing.MinMaxScaler() | linear_model.Perceptron(),
    "passive-aggressive": lambda: SCALED() | linear_model.PAClassifier(),
    "Bernoulli": naive_bayes.BernoulliNB,
}
CLASSES = {
    "Gaussian": naive_bayes.GaussianNB,
    "softmax": lambda: SCALED() | linear_model.SoftmaxRegression(),
    "a tree": lambda: tree.HoeffdingTreeClassifier(grace_period=50, delta=0.01),
    "bagged": lambda: ensemble.BaggingClassifier(tree.HoeffdingTreeClassifier(grace_period=100), n_models=3, seed=1),
    "bagged, watched for drift": lambda: ensemble.ADWINBaggingClassifier(naive_bayes.GaussianNB(), n_models=3, seed=1),
}
UNLABELLED = {
    "half-space trees": lambda: preprocessing.MinMaxScaler() | anomaly.HalfSpaceTrees(5, 5, 100, seed=1),
    "k-means": lambda: SCALED() | cluster.KMeans(4, seed=1),
}
WORDS = {
    "one-hot": lambda: preprocessing.OneHotEncoder() | linear_model.LinearRegression(),
    "hashed": lambda: preprocessing.FeatureHasher(32, seed=1) | linear_model.LinearRegression(),
    "means of the target": lambda: (
        feature_extraction.TargetAgg(by="zurich-class", how=stats.Mean())
        + (compose.Select("activity") | preprocessing.OneHotEncoder())
        | linear_model.LinearRegression()
    ),
}
DATA: list[tuple[Any, list[dict[str, Callable[[], Any]]]]] = [
    (datasets.AirlinePassengers, [PLAIN]),
    (datasets.Bananas, [TWO, CLASSES, UNLABELLED]),
    (datasets.ChickWeights, [PLAIN, UNLABELLED]),
    (datasets.ImageSegments, [CLASSES, UNLABELLED]),
    (datasets.Phishing, [TWO, CLASSES, UNLABELLED]),
    (datasets.SP500Stocks, [PLAIN, UNLABELLED]),
    (datasets.Shuttle, [CLASSES, UNLABELLED]),
    (datasets.SolarFlare, [WORDS]),
    (datasets.TrumpApproval, [PLAIN, UNLABELLED]),
    (datasets.WaterFlow, [PLAIN]),
    (datasets.Yeast, [TWO, CLASSES, UNLABELLED]),
]
CASES = [(data, kind, pipelines[kind]) for data, several in DATA for pipelines in several for kind in pipelines]


@pytest.mark.parametrize(
    ("data", "kind", "pipeline"), CASES, ids=[f"{data.__name__}: {kind}" for data, kind, _ in CASES]
)
def test_a_data_set_gives_what_river_gives(data: Any, kind: str, pipeline: Callable[[], Any]) -> None:
    label = None if kind in UNLABELLED else "label"
    river = Shard([Stage("model", pipeline(), label=label)])
    compiled = Shard([Stage("model", pipeline(), label=label)], is_compiled=True)
    records = list(_records(data(), is_labelled=label is not None))
    for start in range(0, len(records), FRAME):
        part = records[start : start + FRAME]
        times = list(range(start, start + len(part)))
        expected = results(river, Batch([dict(record) for record in part], times))
        assert results(compiled, Batch(table(part, tuple(part[0])), times)) == expected
        assert isinstance(compiled.estimator, CompiledLearner)
        assert compiled.estimator.is_in_columns


def _records(data: Any, *, is_labelled: bool) -> Iterator[Record]:
    """Records of numbers and words: a date is its year and its month, and of several labels the first one counts."""
    for x, y in data.take(MOST):
        record: Record = {}
        for name, value in x.items():
            if isinstance(value, str | Number):
                record[name] = value
            else:
                record |= {f"{name}'s year": value.year, f"{name}'s month": value.month}
        yield {**record, "label": next(iter(y.values())) if isinstance(y, dict) else y} if is_labelled else record
