"""A small run of `make fuzz`."""

from __future__ import annotations

import pytest

from engine.local.platform import Platform
from tests.fuzz.fate import GOOD
from tests.fuzz.fuzzing import fuzz
from tests.fuzz.payloads import SCHEMAS


@pytest.mark.services
@pytest.mark.parametrize("name", SCHEMAS)
def test_each_payload_has_the_fate_that_the_rules_say(platform: Platform, name: str) -> None:
    fates = fuzz(platform, name, 5_000, seed=1)
    assert fates[GOOD] >= 0.3 * fates.total()
    assert {"null_value", "no_magic", "unknown_schema", "wrong_type", "corrupt", "not_finite", "late"} < fates.keys()
