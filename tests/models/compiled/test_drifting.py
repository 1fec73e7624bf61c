"""Compiled detectors of drift see what river's see, to the last bit, and go over to these and back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from river import drift

from models.compiled.adwin import Detectors
from models.compiled.drifting import watch
from schemas.kernel import Flags

STRETCH = st.tuples(st.integers(1, 400), st.sampled_from([0.0, 0.02, 0.3, 0.5, 0.9, 1.0]))


@given(st.lists(STRETCH, min_size=1, max_size=6), st.integers(0, 9), st.integers(1, 300), st.booleans())
def test_what_compiled_detectors_see_is_what_those_of_river_see(
    stretches: list[tuple[int, float]], seed: int, frame: int, is_stored: bool
) -> None:
    rng = np.random.default_rng(seed)
    seen = np.concatenate([rng.random(length) < share for length, share in stretches])
    river, detectors = drift.ADWIN(), Detectors()
    for start in range(0, len(seen), frame):
        part = seen[start : start + frame]
        assert _changes(detectors, part) == _changes_in_river(river, part)
        assert _whole(detectors.stored(0)) == _whole(river)
        if is_stored:
            stored, detectors = detectors.stored(0), Detectors()
            detectors.load(0, stored)


def _changes(detectors: Detectors, seen: Flags) -> list[int]:
    """After which numbers the mean of the window is larger because of a drift."""
    detectors.make_room(1, len(seen))
    changes = [-1]
    while True:
        ones, copies = np.ones(len(seen), np.bool_), np.zeros(len(seen), np.int32)
        found = watch(detectors.windows, seen[None], ones, copies, changes[-1] + 1)
        if found < 0:
            return changes[1:]
        changes.append(found)


def _changes_in_river(detector: drift.ADWIN, seen: Flags) -> list[int]:
    changes = []
    for at, value in enumerate(seen.tolist()):
        mean = detector.estimation
        detector.update(int(value))
        if detector.drift_detected and detector.estimation > mean:
            changes.append(at)
    return changes


def _whole(detector: drift.ADWIN) -> tuple[bytes, bool]:
    return detector._helper.__getstate__(), detector.drift_detected
