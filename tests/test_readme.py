"""The README's examples are those that run elsewhere in the tests."""

from __future__ import annotations

import re
from pathlib import Path

from engine.cli.app import app

README = Path("README.md").read_text(encoding="utf-8")


def test_the_workflow_is_the_one_that_ships() -> None:
    [shown] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert shown == Path("workflows/phishing.py").read_text(encoding="utf-8")


def test_the_commands_exist() -> None:
    commands = {info.callback.__name__ for info in app.registered_commands if info.callback}
    assert set(re.findall(r"^headrace (\w+)", README, re.MULTILINE)) <= commands


def test_the_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", Path("Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"^make (\w+)", README, re.MULTILINE)) <= targets


def test_links_lead_somewhere() -> None:
    missing = [link for link in re.findall(r"\]\(([^)#:]+)\)", README) if not Path(link).exists()]
    assert missing == []
