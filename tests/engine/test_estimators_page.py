"""The page of estimators names each kind, and what it shows can be planned."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from engine.planner import make_plan, shipped_schema
from models.stage import Kind

PAGE = Path("docs/estimators.md").read_text(encoding="utf-8")


def test_each_kind_is_named() -> None:
    assert [kind for kind in Kind if kind.value not in PAGE] == []


def test_the_example_can_be_planned() -> None:
    names: dict[str, Any] = {}
    for example in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(example, "docs/estimators.md", "exec"), names)
    [part] = make_plan(names["flow"], shipped_schema).parts
    assert part.prediction_type == "double"
