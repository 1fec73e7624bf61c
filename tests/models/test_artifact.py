"""What a model artifact lets in, and what it keeps out."""

from __future__ import annotations

import contextlib
import functools
import hmac
import importlib
import inspect
import os
import pickle
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
import river
from hypothesis import given
from hypothesis import strategies as st
from river import base, compose, datasets, linear_model, naive_bayes, preprocessing, tree

from models import ordered
from models.allowlist import AllowList
from models.artifact import FeatureSetRef, ModelCard, open_artifact, seal
from schemas.errors import Fatal
from schemas.version import Version

KEY = b"k" * 32
CARD = ModelCard(
    workflow="flights",
    model="lateness",
    version=Version(3, 120),
    learned_until=1_357_000_000_000,
    features={"dep_delay": "number", "origin": "string"},
    label="late",
    feature_sets=(FeatureSetRef("origin", "origin_features", ("origin_delay_1h",)),),
    metrics={"accuracy": 0.75},
    class_path="river.compose.Pipeline",
)


class Payload:
    """An object whose pickle calls `function` with `arguments` when it is loaded."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, Any]:
        return self.call


def learned(model: Any) -> Any:
    for x, y in datasets.Phishing().take(100):
        model.learn_one(x, y)
    return model


@pytest.mark.parametrize(
    "model",
    [
        preprocessing.StandardScaler() | linear_model.LogisticRegression(),
        naive_bayes.GaussianNB(),
        tree.HoeffdingTreeClassifier(grace_period=20),
        ordered.HoeffdingTreeClassifier(grace_period=90, nominal_attributes=["https", "long_url"]),
        compose.Select("long_url") | preprocessing.MinMaxScaler() | linear_model.LogisticRegression(),
    ],
    ids=repr,
)
def test_a_sealed_model_predicts_as_before(model: Any) -> None:
    learned(model)
    card, opened = open_artifact(seal(CARD, model, KEY), KEY, AllowList())
    assert card == CARD
    assert list(card.features) == list(CARD.features)
    for x, _ in datasets.Phishing().take(50):
        assert opened.predict_proba_one(x) == model.predict_proba_one(x)


ARTIFACT = seal(CARD, learned(linear_model.LogisticRegression()), KEY)


@given(st.integers(0, len(ARTIFACT) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed(at: int, by: int) -> None:
    tampered = bytearray(ARTIFACT)
    tampered[at] ^= by
    with pytest.raises(Fatal, match="signature"):
        open_artifact(bytes(tampered), KEY, AllowList())


@given(st.binary(max_size=200))
def test_no_other_bytes_are_an_artifact(data: bytes) -> None:
    with pytest.raises(Fatal, match="signature"):
        open_artifact(data, KEY, AllowList())


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(Fatal, match="signature"):
        open_artifact(ARTIFACT, b"x" * 32, AllowList())


def test_a_shortened_artifact_is_refused_before_it_is_loaded() -> None:
    with pytest.raises(Fatal, match="signature"):
        open_artifact(ARTIFACT[:-1], KEY, AllowList())


@pytest.mark.parametrize("body", [b"", b"HRA1", b"HRA1\x02\0\0\0{}", b"HRA1\xff\xff\xff\xff", b"HRA1\x02\0\0\0[]"])
def test_signed_bytes_that_are_no_artifact_are_refused(body: bytes) -> None:
    with pytest.raises(Fatal, match="artifact"):
        open_artifact(body + hmac.digest(KEY, body, "sha256"), KEY, AllowList())


@pytest.mark.parametrize(
    "model",
    [
        Payload(os.system, "true"),
        Payload(eval, "1"),
        Payload(getattr, "text", "__class__"),
        Payload(getattr, linear_model.LogisticRegression(), "__class__"),
        Payload(getattr, datasets.Phishing, "take"),
        Payload(importlib.import_module, "os"),
        Payload(pickle.loads, b""),
        Payload(datasets.Phishing),
        functools.partial(os.system, "true"),
        {"inside": [Payload(open, "/dev/null")]},
        compose.FuncTransformer(print),
        Payload(AllowList, ("os",)),
        inspect.signature,
    ],
    ids=[
        "os.system",
        "eval",
        "getattr of a text",
        "getattr of a model",
        "getattr of a data set",
        "import_module",
        "pickle.loads",
        "a data set",
        "a partial of os.system",
        "open, inside a list",
        "print as a transformer",
        "an allow-list",
        "a function of the standard library",
    ],
)
def test_a_signed_artifact_loads_nothing_but_what_is_allowed(model: Any) -> None:
    with pytest.raises(Fatal, match="not allowed"):
        open_artifact(seal(CARD, model, KEY), KEY, AllowList())


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("river.base.base", "inspect.os.system"),
        ("river.base.base", "inspect"),
        ("river.compose", "Pipeline.learn_one"),
        ("river.compose.pipeline", "Pipeline.__init__.__globals__"),
        ("river.datasets.base", "RemoteDataset"),
        ("river.api", "datasets.Phishing"),
        ("river.utils.math", "np.load"),
        ("models.artifact", "open_artifact"),
        ("models.signing", "signing_key"),
        ("rivers", "Pipeline"),
        ("builtins", "getattr.__call__"),
        ("collections", "abc"),
        ("functools", "reduce"),
        ("numpy", "load"),
        ("numpy", "fromfile"),
        ("copy", "copyreg"),
    ],
)
def test_no_name_leads_round_the_list(module: str, name: str) -> None:
    with pytest.raises(pickle.UnpicklingError, match="not allowed"):
        AllowList().find(module, name)


def test_an_operator_lists_modules_of_their_own() -> None:
    model = compose.FuncTransformer(functools.partial(hour, 3600))
    artifact = seal(CARD, model, KEY)
    with pytest.raises(Fatal, match=r"(?s)hour.*HEADRACE_ALLOWED_MODULES") as raised:
        open_artifact(artifact, KEY, AllowList())
    assert "not allowed" in raised.value.message
    _, opened = open_artifact(artifact, KEY, AllowList(modules=(__name__,)))
    assert opened.transform_one({"seconds": 7200}) == {"hour": 2}


def test_a_listed_module_brings_in_only_its_own_names() -> None:
    with pytest.raises(pickle.UnpicklingError, match="not allowed"):
        AllowList(modules=(__name__,)).find(__name__, "os")
    with pytest.raises(pickle.UnpicklingError, match="not allowed"):
        AllowList(modules=(__name__,)).find(__name__, "seal")


class Stubborn:
    def __setstate__(self, state: Any) -> None:
        raise RuntimeError("not today")


def test_a_model_that_cannot_be_restored_says_with_what_it_was_made() -> None:
    stubborn = Stubborn()
    stubborn.__dict__["weight"] = 1
    with pytest.raises(Fatal, match="cannot be loaded: not today") as raised:
        open_artifact(seal(CARD, stubborn, KEY), KEY, AllowList(modules=(__name__,)))
    assert f"sealed with river {CARD.river}" in raised.value.hint


def test_a_model_that_cannot_be_pickled_says_so() -> None:
    with pytest.raises(Fatal, match='model "lateness" cannot be pickled'):
        seal(CARD, compose.FuncTransformer(lambda x: x), KEY)


def hour(unit_s: int, x: dict[str, int]) -> dict[str, int]:
    return {"hour": x["seconds"] // unit_s}


def river_models() -> Iterator[Any]:
    """Each estimator and transformer of river that its own tests can build."""
    kinds: list[tuple[str, Any]]
    for package in sorted(pkgutil.iter_modules(river.__path__)):
        if package.name.startswith(("_", "test")) or package.name in {"datasets", "compat", "conftest"}:
            continue
        kinds = inspect.getmembers(importlib.import_module(f"river.{package.name}"), inspect.isclass)
        for name, kind in kinds:
            if issubclass(kind, base.Estimator) and kind is not compose.Pipeline:
                with contextlib.suppress(TypeError, RuntimeError):
                    yield pytest.param(kind(**next(iter(kind._unit_test_params()))), id=name)


@pytest.mark.parametrize("model", list(river_models()))
def test_rivers_models_are_all_allowed(model: Any) -> None:
    classifies = isinstance(model, base.Classifier) and not isinstance(model, base.MultiLabelClassifier)
    if classifies:
        learned(model)
    _, opened = open_artifact(seal(CARD, model, KEY), KEY, AllowList())
    if classifies:
        x, _ = next(iter(datasets.Phishing()))
        assert opened.predict_one(x) == model.predict_one(x)
