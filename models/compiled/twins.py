"""The compiled twin of each step of river that has one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from river import (
    anomaly,
    cluster,
    compose,
    ensemble,
    feature_extraction,
    linear_model,
    naive_bayes,
    preprocessing,
    tree,
)

from models import ordered
from models.compiled.adaptive import AdaptiveStandardScaler
from models.compiled.adwin_bagging import ADWINBagging
from models.compiled.bagging import Bagging
from models.compiled.chain import Chain, Union, parts
from models.compiled.counting import BernoulliNB, MultinomialNB
from models.compiled.encoders import one_hot_encoder
from models.compiled.half_space import HalfSpaceTrees
from models.compiled.hashing import FeatureHasher
from models.compiled.hoeffding import HoeffdingTreeClassifier
from models.compiled.hoeffding_regressor import HoeffdingTreeRegressor
from models.compiled.imputer import StatImputer
from models.compiled.k_means import KMeans
from models.compiled.linear import LinearModel
from models.compiled.naive_bayes import GaussianNB
from models.compiled.passive_aggressive import PassiveAggressive
from models.compiled.ranges import MaxAbsScaler, MinMaxScaler
from models.compiled.scalers import StandardScaler
from models.compiled.selection import Discard, Select
from models.compiled.softmax import SoftmaxRegression
from models.compiled.target import TargetAgg
from models.compiled.twin import Estimator, NoTwin, Transformer, Twin


def _bagging(step: Any) -> Bagging:
    *front, last = parts(step.model)
    kind = ADWINBagging if type(step) is ensemble.ADWINBaggingClassifier else Bagging
    return kind(step, Chain([transformer_of(inner) for inner in front]), estimator_of(last))


TWINS: dict[Any, Callable[[Any], Twin]] = {
    compose.Select: Select,
    compose.Discard: Discard,
    preprocessing.OneHotEncoder: one_hot_encoder,
    preprocessing.FeatureHasher: FeatureHasher,
    preprocessing.StatImputer: StatImputer,
    feature_extraction.TargetAgg: TargetAgg,
    preprocessing.StandardScaler: StandardScaler,
    preprocessing.AdaptiveStandardScaler: AdaptiveStandardScaler,
    preprocessing.MinMaxScaler: MinMaxScaler,
    preprocessing.MaxAbsScaler: MaxAbsScaler,
    linear_model.LinearRegression: LinearModel,
    linear_model.LogisticRegression: LinearModel,
    linear_model.Perceptron: LinearModel,
    anomaly.HalfSpaceTrees: HalfSpaceTrees,
    cluster.KMeans: KMeans,
    ordered.KMeans: KMeans,
    linear_model.PAClassifier: PassiveAggressive,
    linear_model.PARegressor: PassiveAggressive,
    linear_model.SoftmaxRegression: SoftmaxRegression,
    naive_bayes.GaussianNB: GaussianNB,
    naive_bayes.BernoulliNB: BernoulliNB,
    naive_bayes.MultinomialNB: MultinomialNB,
    tree.HoeffdingTreeClassifier: HoeffdingTreeClassifier,
    ordered.HoeffdingTreeClassifier: HoeffdingTreeClassifier,
    tree.HoeffdingTreeRegressor: HoeffdingTreeRegressor,
    ensemble.BaggingClassifier: _bagging,
    ensemble.BaggingRegressor: _bagging,
    ensemble.ADWINBaggingClassifier: _bagging,
}


def twin_of(step: Any) -> Twin:
    """The compiled twin of a river step. Raises NoTwin."""
    if type(step) in (compose.Pipeline, compose.TransformerUnion):
        twins = [transformer_of(inner) for inner in parts(step)]
        return Chain(twins) if type(step) is compose.Pipeline else Union(twins)
    name = type(step).__name__
    make = TWINS.get(type(step))
    if make is None:
        raise NoTwin(f"{name} has no twin")
    try:
        twin = make(step)
    except NoTwin as why:
        raise NoTwin(f"{name} {why}") from None
    twin.name = name
    return twin


def why_none(step: Any) -> str | None:
    """Why a river step has no twin, None where it has one."""
    try:
        twin_of(step)
    except NoTwin as why:
        return str(why)
    return None


def estimator_of(step: Any) -> Estimator:
    """The compiled twin of an estimator. Raises NoTwin."""
    twin = twin_of(step)
    if not isinstance(twin, Estimator):
        raise NoTwin(f"{type(step).__name__} is no estimator")
    return twin


def transformer_of(step: Any) -> Transformer:
    """The compiled twin of a transformer. Raises NoTwin."""
    twin = twin_of(step)
    if not isinstance(twin, Transformer):
        raise NoTwin(f"{type(step).__name__} is no transformer")
    return twin
