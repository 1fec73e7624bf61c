"""The page of transformers names what there is, and what it shows runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from river import compose, feature_extraction, preprocessing

import models
from models.river_fields import output_fields
from models.stage import Stage

PAGE = Path("docs/transformers.md").read_text(encoding="utf-8")
LISTED = [row.split("|")[1:-1] for row in PAGE.replace("\\|", "/").splitlines() if row.startswith("| ")][1:]


def test_each_transformer_of_ours_is_listed() -> None:
    told = set(re.findall(r"\w+", PAGE))
    assert {name for name in models.__all__ if getattr(models, name) is not Stage} - told == set()


def test_what_is_listed_is_there() -> None:
    for _, use, of in LISTED:
        for module, name in re.findall(r"(compose|feature_extraction|preprocessing)\.(\w+)", use):
            assert hasattr(
                {"compose": compose, "feature_extraction": feature_extraction}.get(module, preprocessing), name
            )
            assert "river" in of
        if of.strip() == "ours":
            assert any(name in models.__all__ for name in re.findall(r"\w+", use))


def test_the_examples_run() -> None:
    names: dict[str, Any] = {}
    for example in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(example, "docs/transformers.md", "exec"), names)
    situation = compose.FuncTransformer(names["situation"])
    assert output_fields(situation, {"at": "long"}) == {"hour": "long", "delay": ["null", "double"]}
