"""Estimators that have a compiled twin, drawn at random, by the labels that they take, and streams for them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from river import compose, ensemble, linear_model, naive_bayes, optim, preprocessing, tree

from tests.models.compiled.pipelines import Strategy, Stream, linear_models, optimizers

LABELS: dict[str, Strategy] = {
    "numbers": st.floats(-100, 100) | st.just(0.0),
    "booleans": st.booleans(),
    "fractions": st.sampled_from([0.0, 1.0, 0.5, -0.25, 1.75, -3.0]),
    "whole numbers": st.integers(0, 2),
    "words": st.sampled_from(["late", "early", "on time", "lost"]),
}
_aggression: dict[str, Strategy] = {
    "C": st.sampled_from([0.01, 0.5, 1, 1e300]),
    "mode": st.sampled_from([0, 1, 2]),
    "learn_intercept": st.booleans(),
}
_two_classes = st.builds(linear_model.PAClassifier, **_aggression)
_softmax = st.builds(
    linear_model.SoftmaxRegression,
    optimizers,
    st.builds(optim.losses.CrossEntropy, st.sampled_from([None, {True: 2.0, "late": 0.5}])),
    l2=st.sampled_from([0, 0.1]),
)
_smoothings = st.sampled_from([1.0, 1, 0.25, 0])
_classes = st.one_of(
    st.builds(naive_bayes.GaussianNB),
    st.builds(naive_bayes.BernoulliNB, alpha=_smoothings, true_threshold=st.sampled_from([0.0, 0.5, -1])),
    st.builds(naive_bayes.MultinomialNB, alpha=_smoothings),
    _softmax,
)
_bagged = st.builds(
    ensemble.BaggingClassifier,
    st.sampled_from(
        [
            naive_bayes.GaussianNB(),
            naive_bayes.BernoulliNB(),
            tree.HoeffdingTreeClassifier(grace_period=5, delta=0.5, tau=0.5),
            preprocessing.StandardScaler() | linear_model.SoftmaxRegression(),
        ]
    ),
    n_models=st.sampled_from([2, 3]),
    seed=st.integers(0, 3),
)
_bagged_numbers = st.builds(
    ensemble.BaggingRegressor,
    st.sampled_from(
        [
            linear_model.LinearRegression(),
            preprocessing.StandardScaler() | linear_model.PARegressor(),
            tree.HoeffdingTreeRegressor(grace_period=5, delta=0.5, tau=0.5),
        ]
    ),
    n_models=st.sampled_from([2, 3]),
    seed=st.integers(0, 3),
)
_bagged_booleans = st.builds(
    ensemble.BaggingClassifier,
    st.just(preprocessing.StandardScaler() | linear_model.LogisticRegression()),
    n_models=st.just(2),
    seed=st.integers(0, 3),
)
_estimators: dict[str, Strategy] = {
    "numbers": st.builds(linear_model.PARegressor, eps=st.sampled_from([0.0, 0.1]), **_aggression)
    | _bagged_numbers
    | linear_models(regression=True),
    "booleans": _two_classes | _classes | _bagged | _bagged_booleans | linear_models(regression=False),
    "fractions": _two_classes | linear_models(regression=False),
    "whole numbers": _two_classes | _classes,
    "words": _classes | _bagged,
}
_fronts: Strategy = st.sampled_from(
    [
        list,
        lambda: [compose.Discard("b")],
        lambda: [compose.Discard("a", "b", "c", "e")],
        lambda: [compose.Discard("a", "b", "c", "d", "e"), preprocessing.OneHotEncoder()],
        lambda: [preprocessing.StandardScaler()],
        lambda: [preprocessing.AdaptiveStandardScaler(0.4)],
        lambda: [compose.Discard("w") + (compose.Select("w") | preprocessing.OneHotEncoder())],
        lambda: [
            (compose.Select("w") | preprocessing.OneHotEncoder(drop_zeros=True)) + compose.Discard("w", "b"),
            preprocessing.StandardScaler(with_std=False),
        ],
    ]
)
_small = st.floats(-3, 3)
_values: dict[str, Strategy] = {
    "a": _small | _small | st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, 1.5, 1e-300, 1e155, -1e300]),
    "b": st.integers(-3, 3) | st.integers(-3, 3) | st.integers(-(2**60), 2**60),
    "c": _small | _small | st.none(),
    "d": st.booleans(),
    "e": st.sampled_from([0.25, -1.0, 3.0]),
    "w": st.integers(0, 3),
    "k": st.sampled_from(["JFK", "LGA", None]),
}


@st.composite
def estimator_pipelines(draw: st.DrawFn, *, label: str, keyed: bool) -> Any:
    """A pipeline whose estimator takes such labels, and any features."""
    key = [compose.Discard("k")] if keyed else []
    return compose.Pipeline(*key, *draw(_fronts)(), draw(_estimators[label]))


@st.composite
def changing_streams(draw: st.DrawFn, *, label: str, keyed: bool) -> list[Stream]:
    """Records with such labels, whose features come, go and change places from frame to frame."""
    values = {**_values, "y": LABELS[label] | LABELS[label] | st.none()}
    always = {"w", "y", *("k" if keyed else "")}
    frames = []
    for _ in range(draw(st.integers(1, 8))):
        fields = draw(st.permutations(["a", "b", "c", "d", "e", *sorted(always)]))
        there = tuple(name for name in fields if name in always or draw(st.integers(0, 4)))
        rows = draw(st.lists(st.tuples(*(values[name] for name in there)), max_size=8))
        frames.append(Stream([[dict(zip(there, row, strict=True)) for row in rows]], there))
    return frames
