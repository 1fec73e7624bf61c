"""River's estimators that go over sets go over them in one order, which river might have taken."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from river import cluster, compose, ensemble, tree

from models import ordered
from models.stage import Stage
from tests.models.compiled.trees.plain import plain

_NAMES = st.lists(st.sampled_from("abcdefghij"), unique=True, min_size=1)


def _as_in_a_set(names: list[str]) -> list[str]:
    """In the order of a set of them, or none if a new set would have another."""
    in_order = list({*names})
    return in_order if list({*in_order}) == in_order else []


@given(_NAMES, st.lists(st.lists(st.floats(-5, 5), min_size=10, max_size=10)), st.integers(0, 9))
def test_the_order_of_features_is_one_that_river_might_take(
    names: list[str], rows: list[list[float]], seed: int
) -> None:
    records = [dict(zip(_as_in_a_set(names), row, strict=False)) for row in rows]
    ours, rivers = ordered.KMeans(3, seed=seed), cluster.KMeans(3, seed=seed)
    for x in records:
        assert ours.predict_one(x) == rivers.predict_one(x)
        ours.learn_one(x)
        rivers.learn_one(x)
    assert ours.centers == rivers.centers


@given(_NAMES, st.lists(st.tuples(st.sampled_from("abcdefghij"), st.booleans())), st.sampled_from(["mc", "nb", "nba"]))
def test_the_order_of_words_is_one_that_river_might_take(
    words: list[str], more: list[tuple[str, bool]], leaf_prediction: str
) -> None:
    in_order = _as_in_a_set(words)
    records = [(word, bool(place % 2)) for place, word in enumerate(in_order)]
    records += [(word, is_late) for word, is_late in more if word in in_order]
    options = {"grace_period": max(len(records), 1), "delta": 0.9, "tau": 1.0, "binary_split": True}
    ours = ordered.HoeffdingTreeClassifier(leaf_prediction=leaf_prediction, **options)
    rivers = tree.HoeffdingTreeClassifier(leaf_prediction=leaf_prediction, **options)
    for word, is_late in records:
        x = {"airport": word}
        assert ours.predict_proba_one(x) == rivers.predict_proba_one(x)
        ours.learn_one(x, is_late)
        rivers.learn_one(x, is_late)
    assert plain(ours) == plain(rivers)


def _printed(program: str, seed: str) -> str:
    """What a program prints in a process of its own, whose sets have the order of a seed."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True, text=True)
    return done.stdout.strip()


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_selected_features_come_in_the_same_order_in_every_process(seed: str) -> None:
    program = (
        "from models.stage import Stage\nfrom river import compose\n"
        "print(list(Stage('a', compose.Select('delay', 'hour', 'far', 'wind')).fresh()"
        ".transform_one(dict(wind=1, delay=2, far=3, hour=4))))"
    )
    assert _printed(program, seed) == "['delay', 'far', 'hour', 'wind']"


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_clusters_are_the_same_in_every_process(seed: str) -> None:
    program = (
        "from models.stage import Stage\nfrom river import cluster\n"
        "model = Stage('a', cluster.KMeans(3, seed=7)).fresh()\n"
        "model.learn_one(dict(wind=1.5, delay=2.5, far=3.5, hour=4.5))\n"
        "print({name: round(value, 9) for name, value in model.centers[0].items()})"
    )
    model = Stage("a", cluster.KMeans(3, seed=7)).fresh()
    model.learn_one({"wind": 1.5, "delay": 2.5, "far": 3.5, "hour": 4.5})
    assert _printed(program, seed) == str({name: round(value, 9) for name, value in model.centers[0].items()})


@pytest.mark.parametrize("seed", ["0", "1", "2", "3"])
def test_a_tree_is_the_same_in_every_process(seed: str) -> None:
    program = (
        "from models.stage import Stage\nfrom river import tree\n"
        "options = dict(grace_period=6, delta=0.9, tau=1.0, binary_split=True)\n"
        "model = Stage('a', tree.HoeffdingTreeClassifier(**options), label='y').fresh()\n"
        "for place, word in enumerate(['SFO', 'JFK', 'LGA', 'EWR', 'BOS', 'SEA']):\n"
        "    model.learn_one(dict(airport=word), bool(place % 2))\n"
        "print(model._root.value)"
    )
    assert _printed(program, seed) == "SFO"


def test_models_within_models_have_their_order_too() -> None:
    inner = compose.Select("far", "delay") | tree.HoeffdingTreeClassifier()
    bagged = Stage("a", ensemble.BaggingClassifier(inner, n_models=2, seed=1), label="y").fresh()
    for each in (bagged.model, *bagged):
        assert list(each["Select"].keys) == ["delay", "far"]
        assert type(each["HoeffdingTreeClassifier"]) is ordered.HoeffdingTreeClassifier
