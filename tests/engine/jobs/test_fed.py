"""A job over a topic that a feeder fills: what was made up is what is learned and refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from river import compose, linear_model, preprocessing

from engine.feeding.together import targets
from engine.local.platform import Platform
from engine.workflow import Workflow
from sinks import Topic
from sources import Clockwork, Generator, KafkaTopic, Trouble
from sources.feeder import Damaged
from tests.engine.jobs.trial import EACH_SECOND, begin, fresh_name
from tests.sources.cases import read_on
from tests.sources.feeding import Services

pytestmark = pytest.mark.services
COUNT, LATENESS = 4_000, "30s"


def test_disorder_within_the_lateness_is_learned_from_and_only_corrupt_records_are_dead(platform: Platform) -> None:
    name = fresh_name()
    trouble = Trouble(disorder=LATENESS, duplicates=0.05, corrupt=0.005)
    generator = Generator("phishing", Clockwork("seen_at"), seed=7, records=COUNT, trouble=trouble)
    topic = KafkaTopic(f"{name}.pages", "seen_at", LATENESS, schema="phishing", max_ahead="9999d", fed_by=generator)
    flow = Workflow(name, order="event_time")
    pages = flow.source("pages", topic)
    learner = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    model = flow.pipeline("model", pages, compose.Discard("seen_at") | learner, label="is_phishing")
    flow.sink("predictions", model, Topic(f"{name}.predictions"))
    [target] = targets(flow)
    assert Services.of(platform).feed(target).records == COUNT

    trial = begin(platform, flow, replace(EACH_SECOND, bounded=True))
    trial.wait_until_ended()
    corrupt = sum(isinstance(record, Damaged) for record in read_on(generator, {})[0])
    assert corrupt > 0
    assert len(trial.predictions()) == COUNT - corrupt
    assert {letter["reason"] for letter in trial.dead().values()} <= {"corrupt", "no_magic"}
    assert len(trial.dead()) == corrupt


def test_a_job_may_begin_before_its_feeder(platform: Platform) -> None:
    name = fresh_name()
    generator = Generator("phishing", Clockwork("seen_at"), records=500)
    flow = Workflow(name)
    topic = KafkaTopic(f"{name}.pages", "seen_at", schema="phishing", max_ahead="9999d", fed_by=generator)
    learner = compose.Discard("seen_at") | preprocessing.StandardScaler() | linear_model.LogisticRegression()
    model = flow.pipeline("model", flow.source("pages", topic), learner, label="is_phishing")
    flow.sink("predictions", model, Topic(f"{name}.predictions"))
    trial = begin(platform, flow, EACH_SECOND)
    Services.of(platform).feed(*targets(flow))
    trial.wait_until_predicted(500)
    trial.stop()
    assert len(trial.predictions()) == 500
