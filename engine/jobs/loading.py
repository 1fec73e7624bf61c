"""Workflow files: imported as modules, and found again with what they import by the workers."""

from __future__ import annotations

import importlib
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from engine.failure import report
from engine.workflow import Workflow
from schemas.errors import Fatal, HeadraceError

OURS = ("engine", "sources", "sinks", "models", "schemas", "workflows", "benchmarks", "tests")


@dataclass(frozen=True)
class LoadedWorkflow:
    """A workflow and the modules of its author that the workers need: dotted names and files."""

    workflow: Workflow
    modules: tuple[tuple[str, Path], ...]

    def stage(self, folder: Path) -> Path:
        """Copy the modules to `folder`, so that it can be put on a worker's path."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, file in self.modules:
            parts = name.split(".")
            target = folder.joinpath(*parts, "__init__.py") if file.name == "__init__.py" else folder.joinpath(*parts)
            target = target if target.suffix else target.with_suffix(".py")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        return folder


def load_workflow(path: Path) -> LoadedWorkflow:
    """The one workflow in the file `path`. Raises Fatal, the user's own line first, where it cannot be loaded."""
    if not path.is_file():
        raise Fatal(f'workflow file "{path}": no such file', hint="for example: workflows/flights.py")
    if path.suffix != ".py":
        raise Fatal(f'workflow file "{path}": no Python file', hint="its name ends in .py")
    folder = path.resolve().parent
    _refuse_shadowing(path.stem, path)
    loaded = sys.modules.get(path.stem)
    if loaded is not None and _file_of(loaded) != path.resolve():
        raise Fatal(f'module "{path.stem}" in {path}: another module has this name', hint="rename the file")
    sys.path.insert(0, str(folder))
    try:
        module = importlib.import_module(path.stem)
    except HeadraceError:
        raise
    except Exception as error:
        raise Fatal(f'{report(error)}\nworkflow file "{path}" cannot be imported') from error
    finally:
        sys.path.remove(str(folder))
    found = [value for value in vars(module).values() if isinstance(value, Workflow)]
    if len({id(workflow) for workflow in found}) != 1:
        hint = 'make one, at the top level of the module: flow = Workflow("name")'
        raise Fatal(f'workflow file "{path}": has {len(found)} workflows, expected one', hint=hint)
    return LoadedWorkflow(found[0], tuple(_modules_under(folder)))


def imported_from(folder: Path) -> list[tuple[str, Path]]:
    """The modules that were imported from files under `folder`, ours left out."""
    modules = []
    for name, module in list(sys.modules.items()):
        file = _file_of(module)
        if file is None or folder not in file.parents or "site-packages" in file.parts:
            continue
        if name.split(".")[0] in OURS and Path(__file__).parents[2] in file.parents:
            continue
        modules.append((name, file))
    return sorted(modules)


def _modules_under(folder: Path) -> list[tuple[str, Path]]:
    modules = imported_from(folder)
    for name, file in modules:
        _refuse_shadowing(name.split(".")[0], file)
    return modules


def _file_of(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if file and file.endswith(".py") and module.__name__ != "__main__" else None


def _refuse_shadowing(name: str, file: Path) -> None:
    if name in OURS or name in sys.stdlib_module_names:
        raise Fatal(
            f'module "{name}" in {file}: its name hides a module of {"Headrace" if name in OURS else "Python"}',
            hint="rename the file",
        )
