"""kill -9 of the TaskManager in the middle of a run changes no bit of the models and no prediction."""

from __future__ import annotations

import pytest

from engine.flink.configuration import JobSettings
from engine.local.platform import Platform
from tests.engine.jobs.bits import bits
from tests.engine.jobs.killing import BURST, kill_several_times
from tests.engine.jobs.readings import feed, released
from tests.engine.jobs.trial import Trial, begin, workflow

pytestmark = pytest.mark.services
NEVER = "1d"  # a partition that is passed over on a slow machine would make another order


def test_a_killed_taskmanager_changes_no_model_and_no_prediction(platform: Platform) -> None:
    """A model for each station at parallelism 2, and beside it one model of all: each kill ends the workers of both."""
    with feed(platform) as stream:
        stream.write(BURST)
        keyed = begin(platform, workflow(stream, keyed=True, idle=NEVER), JobSettings(2, checkpoint_every="2 s"))
        whole = begin(platform, workflow(stream, idle=NEVER), JobSettings(1, checkpoint_every="2 s"))
        kill_several_times(platform, [keyed, whole], stream)
        for trial in (keyed, whole):
            trial.wait_until_predicted(len(released(stream.written)))
            trial.stop(drain=True)
        undisturbed = [
            begin(platform, workflow(stream, keyed=True), JobSettings(2, bounded=True)),
            begin(platform, workflow(stream), JobSettings(1, bounded=True)),
        ]
        for trial in undisturbed:
            trial.wait_until_ended()
    for trial, other in zip((keyed, whole), undisturbed, strict=True):
        predictions = trial.predictions()
        assert len(predictions) == len(stream.written)
        assert trial.dead() == {}
        assert predictions == other.predictions()
        assert _models(trial) == _models(other)


def _models(trial: Trial) -> dict[int, object]:
    return {
        card.shard: (card.version.count, card.learned_until, card.metrics, bits(model))
        for card, model in trial.models()
    }
