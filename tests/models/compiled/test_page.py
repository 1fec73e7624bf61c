"""The page of compiled twins names those that there are."""

from __future__ import annotations

import re
from pathlib import Path

from models.compiled.optimizers import LOSSES, OPTIMIZERS
from models.compiled.twins import TWINS

TABLE = [line for line in Path("docs/compiled.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
NAMED = set(re.findall(r"\b[A-Z]\w+", " ".join(TABLE)))


def test_each_twin_is_named_and_each_name_has_one() -> None:
    assert {kind.__name__ for kind in [*TWINS, *LOSSES, *OPTIMIZERS]} == NAMED
