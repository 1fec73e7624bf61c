"""The examples of docs/testing.md are run, each test of them as one of ours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path("docs/testing.md")
EXAMPLES = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))


@pytest.fixture(scope="module")
def examples() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(EXAMPLES, str(PAGE), "exec"), names)
    return names


@pytest.mark.services
@pytest.mark.parametrize("name", re.findall(r"^def (test_\w+)", EXAMPLES, re.MULTILINE))
def test_an_example(examples: dict[str, Any], name: str) -> None:
    examples[name]()
