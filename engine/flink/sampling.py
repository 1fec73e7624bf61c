"""Beam, underneath PyFlink, measures itself with a thread that every bundle waits for at its end."""

from __future__ import annotations

import sys


def stop_sampling() -> None:
    """Do without, from the next bundle on: the wait takes a sixth of the time, and PyFlink shows nobody the result.

    Called when a worker opens. Does nothing where there is no Beam, as in thread mode.
    """
    beam = sys.modules.get("apache_beam.runners.worker.statesampler")
    if beam is not None:
        beam.StateSampler.start = _do_not_start


def _do_not_start(sampler: object) -> None:
    """Take the place of the method that starts the thread; a sampler that was not started is not stopped."""
