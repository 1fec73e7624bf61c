"""Beam, underneath PyFlink, measures itself with a thread that every bundle waits for at its end."""

from __future__ import annotations


def stop_sampling() -> None:
    """From the next bundle on, do without: the wait takes a sixth of the time, and PyFlink shows nobody the result.

    Called from inside a bundle. Does nothing where there is no Beam, as in thread mode.
    """
    from apache_beam.runners.worker import statesampler

    sampler = statesampler.get_current_tracker()
    if sampler is not None:
        sampler.start = _do_not_start


def _do_not_start() -> None:
    """Take the place of the method that starts the thread; a sampler that was not started is not stopped."""
