"""Models that learn without a label are published and asked like others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from river import anomaly, cluster, preprocessing

from engine.scoring.served import Served, Shard
from engine.scoring.wire import encode_model
from models.allowlist import AllowList
from models.artifact import open_artifact, seal
from models.outcome import Batch
from models.shard import Shard as Learning
from models.stage import Stage
from tests.engine.scoring.lateness import CARD, KEY

X = [{"a": i * 7 % 13 / 13, "b": i * 5 % 11 / 11} for i in range(60)]


@pytest.mark.parametrize("is_compiled", [False, True])
@pytest.mark.parametrize("model", [anomaly.HalfSpaceTrees(3, 3, 20, seed=1), cluster.KMeans(3, seed=1)])
def test_a_published_model_says_what_river_says(model: Any, is_compiled: bool) -> None:
    stage = Stage("scores", preprocessing.MinMaxScaler() | model)
    learning, river = Learning([stage], is_compiled=is_compiled), stage.fresh()
    learning.apply(Batch([dict(x) for x in X], list(range(len(X)))))
    for x in X:
        river.learn_one(x)
    card, opened = open_artifact(seal(replace(CARD, label=None, metrics={}), learning.model, KEY), KEY, AllowList())
    shard = Shard(card, opened)
    ask = river.score_one if isinstance(model, anomaly.HalfSpaceTrees) else river.predict_one
    assert [shard.predict(None, x) for x in X] == [(ask(x), None) for x in X]
    assert orjson.loads(encode_model(Served([shard])))["label"] is None
