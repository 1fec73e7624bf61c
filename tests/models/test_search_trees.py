"""A feature that only rises makes a chain of a tree's search tree; models of it are stored like others."""

from __future__ import annotations

import functools
import hmac
import pickle
import random
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from river import tree
from river.tree.splitter.ebst_splitter import EBSTNode
from river.tree.splitter.exhaustive_splitter import ExhaustiveNode

from models.allowlist import AllowList
from models.artifact import ModelCard, open_artifact, seal
from models.outcome import Batch
from models.pickled import dump, load
from models.shard import Shard
from models.stage import Stage
from schemas.version import Version
from tests.models.compiled.pipelines import Record, table
from tests.models.compiled.test_learner import changed_over, results
from tests.models.compiled.trees.plain import plain

KEY = b"k" * 32
CARD = ModelCard("demo", "model", Version(1, 1), 0, features={"at": "number"}, label="y")
CHAIN = 20_000


def dumped(model: Any) -> Any:
    return load(dump(model))


def dumped_by_value(model: Any) -> Any:
    return load(dump((lambda x: x, model)))[1]


def published(model: Any) -> Any:
    return open_artifact(seal(CARD, model, KEY), KEY, AllowList())[1]


ways = pytest.mark.parametrize("way", [dumped, dumped_by_value, published])


def observing(splitter: Any, values: list[float]) -> Any:
    for value in values:
        splitter.update(value, value % 7, 1.0)
    return splitter


def chain(kind: Any, splitter: Any) -> Any:
    """What `observing` all values from 0 on gives, without going down the whole chain for each."""
    node = splitter._root = kind(0.0, 0.0, 1.0)
    for value in range(1, CHAIN):
        node._right = kind(float(value), float(value % 7), 1.0)
        node = node._right
    return splitter


def nodes(root: Any) -> list[Any]:
    """All attributes of all nodes, None for none, from the root on."""
    found: list[Any] = []
    ahead = [root]
    while ahead:
        node = ahead.pop()
        if node is None:
            found.append(None)
            continue
        below = "_left", "_right"
        found.append([type(node), *(stated(getattr(node, name)) for name in type(node).__slots__ if name not in below)])
        ahead += [node._right, node._left]
    return found


def stated(value: Any) -> Any:
    if isinstance(value, defaultdict):
        return type(value), value.default_factory, [(key, stated(each)) for key, each in value.items()]
    return (value.mean.n, value.mean._mean, value._S, value.ddof) if hasattr(value, "mean") else value


def rising(start: int, end: int) -> list[Record]:
    return [{"at": float(at), "y": float(at % 7 + (at > CHAIN // 2) * 10)} for at in range(start, end)]


def batch(records: list[Record]) -> Batch:
    return Batch([dict(record) for record in records], [int(record["at"]) for record in records])


@ways
@pytest.mark.parametrize(
    ("kind", "splitter"),
    [
        (EBSTNode, tree.splitter.EBSTSplitter),
        (EBSTNode, functools.partial(tree.splitter.TEBSTSplitter, digits=1)),
        (ExhaustiveNode, tree.splitter.ExhaustiveSplitter),
    ],
    ids=["EBST", "TEBST", "exhaustive"],
)
def test_search_trees_come_back_node_by_node(kind: Any, splitter: Any, way: Callable[[Any], Any]) -> None:
    mixed = random.Random(1).choices([float(value) for value in range(300)], k=2_000)
    for observed in (splitter(), observing(splitter(), mixed), chain(kind, splitter())):
        again = way(observed)
        assert type(again) is type(observed)
        assert nodes(again._root) == nodes(observed._root)
        more = [float(CHAIN), 0.5, 7.0, -1.0]
        assert nodes(observing(again, more)._root) == nodes(observing(observed, more)._root)


@ways
def test_targets_by_name_come_back(way: Callable[[Any], Any]) -> None:
    observed = tree.splitter.EBSTSplitter()
    for at in range(50):
        observed.update(at * 7 % 50, {"y": float(at % 7), "z": float(at % 3)}, 1.0)
    again = way(observed)
    for each in (again, observed):
        each.update(70, {"y": 1.0, "z": 2.0}, 1.0)
        each.update(-70, {"y": 1.0, "z": 2.0}, 1.0)
    assert nodes(again._root) == nodes(observed._root)


@ways
def test_a_tree_of_a_rising_feature_learns_on_as_if_it_had_never_been_stored(way: Callable[[Any], Any]) -> None:
    river = tree.HoeffdingTreeRegressor(grace_period=1_300)
    for record in rising(0, 1_200):
        river.learn_one({"at": record["at"]}, record["y"])
    again = way(river)
    for record in rising(1_200, 1_500) + rising(0, 300):
        x, y = {"at": record["at"]}, record["y"] + 100.0 * (record["at"] > 600)
        assert again.predict_one(x) == river.predict_one(x)
        river.learn_one(x, y)
        again.learn_one(x, y)
    assert plain(again) == plain(river)


def test_a_shard_of_a_rising_feature_is_published_and_goes_over_to_river_and_back() -> None:
    stage = Stage("model", tree.HoeffdingTreeRegressor(grace_period=CHAIN + 50), label="y")
    compiled = Shard([stage], is_compiled=True)
    records = rising(0, CHAIN)
    compiled.apply(Batch(table(records, ("at", "y")), list(range(CHAIN))))
    assert compiled.is_in_columns
    river = changed_over(compiled, stage, is_compiled=False)
    assert plain(river.model) == plain(published(compiled.model))
    more = rising(CHAIN, CHAIN + 100)
    times = list(range(CHAIN, CHAIN + 100))
    back = changed_over(river, stage, is_compiled=True)
    expected = results(compiled, Batch(table(more, ("at", "y")), times))
    assert results(river, batch(more)) == expected
    assert results(back, Batch(table(more, ("at", "y")), times)) == expected
    assert plain(river.model) == plain(compiled.model) == plain(back.model)
    assert river.model._root.n_leaves > 1


def test_artifacts_of_before_still_open() -> None:
    observed = observing(tree.splitter.EBSTSplitter(), [float(value) for value in range(50)])
    sealed = seal(CARD, None, KEY)
    head = sealed[: 8 + int.from_bytes(sealed[4:8], "little")]
    before = head + pickle.dumps(observed, protocol=5)
    _, opened = open_artifact(before + hmac.digest(KEY, before, "sha256"), KEY, AllowList())
    assert nodes(opened._root) == nodes(observed._root)
