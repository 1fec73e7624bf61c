"""kill -9 of the TaskManager at a moment that hurts: when something was learned since the last checkpoint."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial

from engine.local.platform import Platform
from tests.engine.jobs.readings import Feed
from tests.engine.jobs.trial import Trial, part
from tests.waiting import wait_until

CHECKPOINTS = 2
BURST = 500
KILLS = 3
IN_VAIN = 5


def kill_several_times(platform: Platform, trials: Sequence[Trial], stream: Feed) -> None:
    """Kill the TaskManager until the workers have replayed a log after three of the kills.

    Raises AssertionError after five kills in a row that made none replay one: they would prove nothing.
    """
    chance, kills, in_vain = random.Random("moments"), 0, 0
    while kills < KILLS:
        if _kill_while_learning(platform, trials, stream, chance):
            kills, in_vain = kills + 1, 0
        else:
            in_vain += 1
            assert in_vain < IN_VAIN, f"after {in_vain} kills in a row some workflow has not replayed what was learned"


def _kill_while_learning(platform: Platform, trials: Sequence[Trial], stream: Feed, chance: random.Random) -> bool:
    """Kill the TaskManager at a random moment after two checkpoints more, when something was learned since the last.

    False says that a checkpoint was completed in the very last moment, after which nothing may have been learned, or
    that it held no log to replay, as a snapshot had just been taken.
    """
    for trial in trials:
        wait_until(partial(_has_learned, trial))
    for _ in range(2):  # snapshots are seconds apart: where the first burst is in one, the next one is in the log
        learned = [trial.progress().learned for trial in trials]
        stream.write(BURST)
        for trial, before in zip(trials, learned, strict=True):
            wait_until(partial(_has_learned, trial, before))
    first, restores = [trial.newest_checkpoint() for trial in trials], [trial.restores() for trial in trials]
    for trial, checkpoint in zip(trials, first, strict=True):
        wait_until(partial(_has_checkpoint, trial, checkpoint + CHECKPOINTS))
    taskmanager = part(platform, "taskmanager")
    checkpoints = [_Since(trial, chance) for trial in trials]

    def have_learned_enough() -> bool:
        stream.write(BURST)
        return sum(since.learned_enough() for since in checkpoints) == len(checkpoints)

    wait_until(have_learned_enough)
    taskmanager.kill()
    for trial, before in zip(trials, restores, strict=True):
        wait_until(partial(_was_restored, trial, before + 1))
    stream.write(BURST)  # watermarks are no state: they start anew with new records in all partitions
    if [since.checkpoint for since in checkpoints] != [trial.restored_checkpoint() for trial in trials]:
        return False
    for trial in trials:
        wait_until(partial(_has_learned, trial))
    return all(trial.progress().replayed for trial in trials)


class _Since:
    """Whether a workflow has learned a random number of records since its newest checkpoint was complete."""

    def __init__(self, trial: Trial, chance: random.Random) -> None:
        self._trial, self._chance = trial, chance
        self.checkpoint, self._enough = -1, 0

    def learned_enough(self) -> bool:
        checkpoint, learned = self._trial.newest_checkpoint(), self._trial.progress().learned
        if checkpoint != self.checkpoint:
            self.checkpoint, self._enough = checkpoint, learned + self._chance.randrange(1, BURST)
        return learned >= self._enough


def _has_learned(trial: Trial, more_than: int = 0) -> bool:
    return trial.progress().learned > more_than


def _has_checkpoint(trial: Trial, at_least: int) -> bool:
    return trial.newest_checkpoint() >= at_least


def _was_restored(trial: Trial, times: int) -> bool:
    return trial.restores() >= times
