from __future__ import annotations

import os
import subprocess
import sys

DIGESTS = """
from functools import partial

from river import compose, linear_model, preprocessing

from engine.jobs.definition import definition_digest
from engine.planner import make_plan, shipped_schema
from engine.workflow import Workflow
from sources import KafkaTopic

class Mine:
    def __init__(self): self.models, self.best = [preprocessing.StandardScaler()], self.predict_one
    def learn_one(self, x, y): pass
    def predict_one(self, x): return True

def doubled(x, by): return {name: 2 * value for name, value in x.items()}

MODELS = {
    "mine": (Mine(), "distance"),
    "functions": (compose.FuncTransformer(partial(doubled, by=2)) | linear_model.LogisticRegression(), "late"),
    "selected": (compose.Select("distance", "carrier") | linear_model.LogisticRegression(), "late"),
}
for model, label in MODELS.values():
    flow = Workflow("demo")
    source = flow.source("flights", KafkaTopic("flights", schema="flight", event_time="departed_at", lateness="10m"))
    flow.pipeline("model", source, model, label=label)
    print(definition_digest(make_plan(flow, shipped_schema)))
"""


def test_a_definition_has_the_same_digest_in_every_process() -> None:
    first, second = (
        subprocess.check_output([sys.executable, "-c", DIGESTS], env={**os.environ, "PYTHONHASHSEED": seed}, text=True)
        for seed in ("1", "2")
    )
    assert len(set(first.split())) == 3
    assert first == second
