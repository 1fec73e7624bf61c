"""Pipelines that have a compiled twin, drawn at random, and streams for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from river import anomaly, cluster, compose, feature_extraction, linear_model, optim, preprocessing, stats, tree

from schemas.column import Column, Numbers, Words
from schemas.table import Table

Record = dict[str, Any]
Strategy = st.SearchStrategy[Any]

_rates = st.sampled_from([0.001, 0.01, 0.1, 1])
_losses = {
    "logistic": [optim.losses.Log, lambda: optim.losses.Log(2.0, 0.5), optim.losses.Hinge],
    "linear": [
        optim.losses.Squared,
        optim.losses.Absolute,
        optim.losses.Huber,
        optim.losses.Quantile,
        optim.losses.EpsilonInsensitiveHinge,
    ],
}
_schedulers = st.one_of(
    _rates,
    st.builds(optim.schedulers.InverseScaling, _rates, st.sampled_from([0.25, 0.5, 1.0])),
    st.builds(optim.schedulers.Optimal, st.just(optim.losses.Log()), st.sampled_from([0.0001, 0.01])),
)
optimizers = st.one_of(
    st.builds(optim.SGD, _schedulers),
    st.builds(optim.AdaGrad, _schedulers),
    st.builds(optim.RMSProp, _schedulers, st.sampled_from([0.5, 0.9])),
    st.builds(optim.Adam, _schedulers, st.sampled_from([0.5, 0.9]), st.sampled_from([0.9, 0.999])),
)
_proximal = st.builds(
    optim.FTRLProximal, st.sampled_from([0.05, 0.5]), st.just(1.0), st.sampled_from([0.0, 0.1]), st.sampled_from([0, 1])
)
_penalties: Strategy = st.builds(
    lambda penalty, clip: {**penalty, **clip},
    st.sampled_from([{}, {"l1": 0.01}, {"l2": 0.01}]),
    st.sampled_from([{}, {"clip_gradient": 0.5}]),
)
_begins = st.sampled_from([optim.initializers.Zeros(), optim.initializers.Constant(0.3)])


@st.composite
def linear_models(draw: st.DrawFn, *, regression: bool) -> Any:
    """A linear model with any of its hyperparameters."""
    penalty = draw(_penalties)
    return (linear_model.LinearRegression if regression else linear_model.LogisticRegression)(
        optimizer=draw(optimizers if "l1" in penalty else optimizers | _proximal),
        loss=draw(st.sampled_from(_losses["linear" if regression else "logistic"]))(),
        intercept_init=draw(st.sampled_from([0.0, 0.5])),
        intercept_lr=draw(_schedulers),
        initializer=draw(_begins),
        **penalty,
    )


@st.composite
def hoeffding_trees(draw: st.DrawFn, *, texts: bool = False) -> Any:
    """A tree for classes with any of its hyperparameters, that is quick to split; `texts` for one of few numbers."""
    return tree.HoeffdingTreeClassifier(
        grace_period=draw(st.sampled_from([1, 3, 5, 20])),
        max_depth=draw(st.sampled_from([None, None, 1, 2])),
        split_criterion=draw(st.sampled_from(["info_gain", "gini"])),
        delta=draw(st.sampled_from([1e-7, 0.1, 0.9])),
        tau=draw(st.sampled_from([0.05, 0.5, 2.0])),
        leaf_prediction=draw(st.sampled_from(["nba", "nb", "mc"])),
        nb_threshold=draw(st.sampled_from([0, 5])),
        nominal_attributes=draw(st.sampled_from([None, ["n"], ["n", "b"]] if texts else [None, ["d"]])),
        splitter=draw(st.none() | st.builds(tree.splitter.GaussianSplitter, st.sampled_from([1, 3]))),
        binary_split=draw(st.booleans()),
        min_branch_fraction=draw(st.sampled_from([0.0, 0.01, 0.3])),
        max_share_to_split=draw(st.sampled_from([0.99, 0.7])),
        max_size=draw(st.sampled_from([100.0, 1e-6])),
        memory_estimate_period=draw(st.sampled_from([10, 1_000_000])),
        stop_mem_management=draw(st.booleans()),
        remove_poor_attrs=draw(st.booleans()),
        merit_preprune=draw(st.booleans()),
    )


@st.composite
def hoeffding_regressors(draw: st.DrawFn, *, texts: bool = False) -> Any:
    """A tree for numbers with any of its hyperparameters; `texts` for one that takes text, which has no models."""
    truncated = st.builds(tree.splitter.TEBSTSplitter, st.sampled_from([0, 1, 3]))
    return tree.HoeffdingTreeRegressor(
        grace_period=draw(st.sampled_from([1, 3, 5, 20])),
        max_depth=draw(st.sampled_from([None, None, 1, 2])),
        delta=draw(st.sampled_from([1e-7, 0.1, 0.9])),
        tau=draw(st.sampled_from([0.05, 0.5, 2.0])),
        leaf_prediction="mean" if texts else draw(st.sampled_from(["adaptive", "mean", "model"])),
        leaf_model=draw(st.none() | linear_models(regression=True)),
        model_selector_decay=draw(st.sampled_from([0.95, 0.5])),
        nominal_attributes=draw(st.sampled_from([None, ["n"], ["n", "b"]] if texts else [None, ["d"], ["n"]])),
        splitter=draw(st.none() | truncated | st.builds(tree.splitter.EBSTSplitter)),
        min_samples_split=draw(st.sampled_from([1, 2, 5])),
        binary_split=draw(st.booleans()),
        max_size=draw(st.sampled_from([100.0, 1e-6])),
        memory_estimate_period=draw(st.sampled_from([10, 1_000_000])),
        stop_mem_management=draw(st.booleans()),
        remove_poor_attrs=draw(st.booleans()),
        merit_preprune=draw(st.booleans()),
    )


_fronts: Strategy = st.sampled_from(
    [
        list,
        lambda: [preprocessing.StandardScaler()],
        lambda: [preprocessing.StandardScaler(with_std=False)],
        lambda: [preprocessing.MinMaxScaler()],
        lambda: [preprocessing.MaxAbsScaler()],
        lambda: [preprocessing.AdaptiveStandardScaler(0.4)],
        lambda: [preprocessing.AdaptiveStandardScaler(), preprocessing.MinMaxScaler()],
        lambda: [compose.Select("c", "a"), preprocessing.StandardScaler()],
        lambda: [compose.Discard("b"), preprocessing.StandardScaler()],
    ]
)


@st.composite
def pipelines(draw: st.DrawFn, *, regression: bool) -> Any:
    """A pipeline whose steps all have a twin."""
    perceptron = st.builds(
        linear_model.Perceptron,
        l2=st.sampled_from([0.0, 0.1]),
        clip_gradient=st.sampled_from([1e12, 0.5]),
        initializer=_begins,
    )
    models = linear_models(regression=regression)
    others = hoeffding_regressors() if regression else perceptron | hoeffding_trees()
    return compose.Pipeline(*draw(_fronts)(), draw(models | others))


_encoders: Strategy = st.builds(preprocessing.OneHotEncoder, drop_zeros=st.booleans())
_words: Strategy = st.sampled_from([("s",), ("s", "w"), ("d", "s")])


@st.composite
def _unions(draw: st.DrawFn) -> Any:
    """Features that are made of numbers and of words, side by side."""
    words = compose.Select(*draw(_words)) | draw(_encoders)
    numbers = (
        compose.Select("a", "b") | draw(st.sampled_from([preprocessing.StandardScaler, preprocessing.MinMaxScaler]))()
    )
    more = draw(st.sampled_from([None, lambda: compose.Select("c")]))
    branches = draw(st.permutations([words, numbers, *([more()] if more else [])]))
    return compose.TransformerUnion(*branches)


_imputers: Strategy = st.builds(
    lambda fill: preprocessing.StatImputer(("c", fill), ("s", "none")),
    st.sampled_from([0, 1.5]) | st.builds(stats.Mean),
)
_hashers: Strategy = st.builds(
    preprocessing.FeatureHasher, st.sampled_from([2, 64]), seed=st.integers(0, 5), alternate_sign=st.booleans()
)
_targets: Strategy = st.builds(
    feature_extraction.TargetAgg,
    st.sampled_from(["s", "w", ["w", "s"], ["s", "d", "w"]]),
    st.builds(stats.Mean) | st.builds(stats.BayesianMean, st.sampled_from([0, 0.3]), st.sampled_from([1, 2.5])),
)
_trees = st.builds(
    anomaly.HalfSpaceTrees,
    n_trees=st.integers(1, 3),
    height=st.integers(1, 4),
    window_size=st.integers(1, 12),
    limits=st.sampled_from([None, {"a": (-3, 3), "c": (0.25, 2)}]),
    seed=st.none() | st.integers(0, 9),
)
_means = st.builds(
    cluster.KMeans,
    n_clusters=st.integers(1, 4),
    halflife=st.sampled_from([0.1, 0.5, 1]),
    mu=st.sampled_from([0, 0.5]),
    sigma=st.sampled_from([0, 1, 3.5]),
    p=st.sampled_from([1, 2, 2.5, 3]),
    seed=st.none() | st.integers(0, 9),
)


@st.composite
def _filled(draw: st.DrawFn) -> list[Any]:
    """Nulls filled, and what then becomes of numbers and words."""
    words = compose.Select("s", "w") | draw(_encoders)
    return [compose.Discard("k"), draw(_imputers), compose.Select("c", "a") + words, draw(_scalers)()]


_scalers = st.sampled_from([preprocessing.StandardScaler, preprocessing.MinMaxScaler])
_mixed_fronts: Strategy = st.one_of(
    _filled(),
    st.tuples(st.just(compose.Discard("c")), _hashers, _scalers.map(lambda scaler: scaler())).map(list),
    st.tuples(_targets, st.just(compose.Select("a"))).map(lambda branches: [compose.TransformerUnion(*branches)]),
    st.tuples(_targets, _scalers.map(lambda scaler: compose.Select("b", "a") | scaler()), _encoders).map(
        lambda branches: [compose.TransformerUnion(*branches[:2], compose.Select("s") | branches[2])]
    ),
    st.tuples(_imputers, _hashers).map(lambda steps: [steps[0], steps[1]]),
    _unions().map(lambda union: [union]),
    st.tuples(_unions(), st.just(preprocessing.MinMaxScaler())).map(list),
    st.tuples(st.just(compose.Select("s", "w", "d")), _encoders, st.just(preprocessing.StandardScaler())).map(list),
    st.tuples(st.just(compose.Discard("a", "c", "b", "k")), _encoders).map(list),
    st.just([compose.Select("a") + compose.Select("d", "b")]),
)


@st.composite
def mixed_pipelines(draw: st.DrawFn, *, regression: bool = False) -> Any:
    """A pipeline that takes text, too."""
    return compose.Pipeline(*draw(_mixed_fronts), draw(linear_models(regression=regression)))


@st.composite
def unlabelled_pipelines(draw: st.DrawFn, *, keyed: bool, mixed: bool) -> Any:
    """One that learns without a label, from records with a key, and from text."""
    if mixed:
        fronts = _mixed_fronts.filter(lambda steps: not compose.Pipeline(*steps)._supervised)
        return compose.Pipeline(*draw(fronts), draw(_trees | _means))
    return compose.Pipeline(*([compose.Discard("k")] if keyed else []), *draw(_fronts)(), draw(_trees | _means))


@st.composite
def keyed_pipelines(draw: st.DrawFn) -> Any:
    """One that does without the key, which is text."""
    return compose.Pipeline(compose.Discard("k"), *draw(_fronts)(), draw(linear_models(regression=False)))


@dataclass(frozen=True)
class Stream:
    """Frames of records that all have the fields of `names`; a label may be null."""

    frames: list[list[Record]]
    names: tuple[str, ...]


_values: dict[str, Strategy] = {
    "a": st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, 1.5]),
    "b": st.integers(-(2**60), 2**60) | st.integers(-3, 3),
    "c": st.floats(-5, 5) | st.none() | st.sampled_from([float("nan"), float("inf")]),
    "d": st.booleans(),
    "s": st.sampled_from(["AA", "B6", "", "a_B6"]) | st.none(),
    "w": st.integers(0, 5),
}
_small = st.floats(-4, 4, width=16)
_tame = {**_values, "a": _small, "b": st.integers(-3, 3), "c": _small, "s": st.sampled_from(["AA", "B6", ""])}


@st.composite
def unlabelled_streams(draw: st.DrawFn, *, keyed: bool, mixed: bool) -> Stream:
    """Longer ones, most of whose records can be learned from."""
    names = ("a", *(("s", "w") if mixed else ()), "b", "c", "d", *("k" if keyed else ""))
    values = draw(st.sampled_from([_tame, _tame, _values]))
    record = st.tuples(*(values[name] for name in names if name != "k"))
    rows = draw(st.lists(record, min_size=1, max_size=6))
    places = np.random.default_rng(draw(st.integers(0, 99))).integers(0, len(rows), draw(st.integers(1, 90)))
    records = [dict(zip([name for name in names if name != "k"], rows[place], strict=True)) for place in places]
    if keyed:
        records = [{**record, "k": ("JFK", "LGA", None)[at * 7 % 11 % 3]} for at, record in enumerate(records)]
    size = draw(st.integers(1, 40))
    return Stream([records[start : start + size] for start in range(0, len(records), size)], names)


@st.composite
def streams(draw: st.DrawFn, *, regression: bool, keyed: bool = False, mixed: bool = False) -> Stream:
    names = ("a", *(("s", "w") if mixed else ()), "b", "c", "d", *("k" if keyed else ""), "y")
    label = st.floats(-100, 100) if regression else st.booleans()
    key = st.sampled_from(["JFK", "LGA", "EWR", None])
    values = draw(st.sampled_from([_tame, _values]))
    record = st.fixed_dictionaries({**values, "k": key, "y": label | st.none()})
    in_order = record.map(lambda drawn: {name: drawn[name] for name in names})
    return Stream(draw(st.lists(st.lists(in_order, max_size=8), min_size=1, max_size=8)), names)


def table(records: list[Record], names: tuple[str, ...]) -> Table:
    """The records as columns."""
    return Table({name: _column([record[name] for record in records]) for name in names})


def _column(values: list[Any]) -> Column:
    some = [value for value in values if value is not None]
    if any(isinstance(value, str) for value in some):
        words = list(dict.fromkeys(some))
        return Words.of(np.array([-1 if value is None else words.index(value) for value in values], np.int32), words)
    kind: Any = next((kind for kind in (bool, int) if some and all(type(value) is kind for value in some)), float)
    valid = np.array([value is not None for value in values], np.bool_)
    return Numbers(np.array([kind() if value is None else value for value in values], kind), valid)
