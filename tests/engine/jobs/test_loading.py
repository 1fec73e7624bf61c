from __future__ import annotations

from pathlib import Path

import pytest

from engine.jobs.loading import load_workflow
from schemas.errors import Fatal

FLOW = 'from engine.workflow import Workflow\nflow = Workflow("loaded")\n'


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_a_workflow_travels_with_the_modules_beside_it(tmp_path: Path) -> None:
    write(tmp_path, "steps_beside_it/__init__.py", "")
    write(tmp_path, "steps_beside_it/clean.py", "def clean(x):\n    return x\n")
    write(tmp_path, "not_imported_by_it.py", "")
    file = write(tmp_path, "loads_modules.py", f"from steps_beside_it.clean import clean\n{FLOW}")
    loaded = load_workflow(file)
    assert loaded.workflow.name == "loaded"
    staged = loaded.stage(tmp_path / "staged")
    files = sorted(str(path.relative_to(staged)) for path in staged.rglob("*.py"))
    assert files == ["loads_modules.py", "steps_beside_it/__init__.py", "steps_beside_it/clean.py"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("engine.py", FLOW, 'module "engine" in .*: its name hides a module of Headrace'),
        ("json.py", FLOW, 'module "json" in .*: its name hides a module of Python'),
        ("is_no_module.txt", FLOW, "no Python file"),
        ("has_no_workflow.py", "flow = 1\n", "has 0 workflows, expected one"),
        ("has_two_workflows.py", f"{FLOW}other = Workflow('other')\n", "has 2 workflows, expected one"),
        ("has_a_bad_node.py", f"{FLOW}flow.source('Bad', None)\n", 'node|source "Bad"'),
    ],
)
def test_what_cannot_be_loaded_says_why(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(Fatal, match=message):
        load_workflow(write(tmp_path, name, text))


def test_a_failing_import_shows_the_users_line_first(tmp_path: Path) -> None:
    file = write(tmp_path, "fails_on_import.py", "rows = [1, 2]\nprint(rows[5])\n")
    with pytest.raises(Fatal) as failed:
        load_workflow(file)
    first, line, *_ = failed.value.message.splitlines()
    assert first == "Traceback (your own lines):"
    assert f'"{file}", line 2' in line
    assert "IndexError" in failed.value.message


def test_a_syntax_error_shows_the_users_line_and_nobody_elses(tmp_path: Path) -> None:
    file = write(tmp_path, "cannot_be_parsed.py", "flow = (\n")
    with pytest.raises(Fatal) as failed:
        load_workflow(file)
    assert failed.value.message.startswith(f'  File "{file}", line 1')
    assert "importlib" not in failed.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="no such file"):
        load_workflow(tmp_path / "nowhere.py")
