"""The deployment's files, parsed: manifests, compose file, Dockerfile."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
BASE = ROOT / "k8s" / "base"
OVERLAY = ROOT / "k8s" / "overlays" / "example"

Document = dict[str, Any]


def documents(folder: Path) -> list[Document]:
    """Return every Kubernetes object that a kustomize folder holds, in the order of the files."""
    files = sorted(path for path in folder.glob("*.yaml") if path.name != "kustomization.yaml")
    return [document for path in files for document in yaml.safe_load_all(path.read_text())]


def one(kind: str, name: str) -> Document:
    """Return the object of the base with this kind and name."""
    (found,) = (it for it in documents(BASE) if it["kind"] == kind and it["metadata"]["name"] == name)
    return found


def pods() -> dict[str, Document]:
    """Return the pod template of everything in the base that starts pods, by name."""
    templates = {
        it["metadata"]["name"]: it["spec"]["template"]
        for it in documents(BASE)
        if it["kind"] in {"Deployment", "StatefulSet"}
    }
    return {**templates, "flights": one("FlinkDeployment", "flights")["spec"]["podTemplate"]}


def container(name: str) -> Document:
    """Return the one container of the pod template with this name."""
    (found,) = pods()[name]["spec"]["containers"]
    return dict(found)


def compose() -> Document:
    """Return the compose file, its anchors resolved."""
    return dict(yaml.safe_load((ROOT / "compose.yaml").read_text()))


def project() -> Document:
    """Return the [project] table of pyproject.toml."""
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"])


def locked(package: str) -> str:
    """Return the version of a package in the lock that the images install."""
    found = re.search(rf"^{re.escape(package)}==([^ ;]+)", (ROOT / "locks" / "runtime.txt").read_text(), re.MULTILINE)
    assert found, f'package "{package}" is not in locks/runtime.txt'
    return found[1]


@dataclass(frozen=True)
class Stage:
    """One FROM of the Dockerfile, with the instructions up to the next."""

    name: str
    source: str
    instructions: tuple[tuple[str, str], ...]

    def arguments(self, instruction: str) -> list[str]:
        """Return what follows each use of an instruction."""
        return [argument for word, argument in self.instructions if word == instruction]


def stages() -> dict[str, Stage]:
    """Return the stages of the Dockerfile by name, in order."""
    return {stage.name: stage for stage in _stages((ROOT / "Dockerfile").read_text())}


def _stages(text: str) -> Iterator[Stage]:
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ").splitlines()
    head: tuple[str, str] | None = None
    body: list[tuple[str, str]] = []
    for line in filter(str.strip, lines):
        word, argument = line.split(maxsplit=1)
        if word != "FROM":
            body.append((word, argument))
            continue
        if head:
            yield Stage(head[1], head[0], tuple(body))
        source, _, name = argument.split()
        head, body = (source, name), []
    if head:
        yield Stage(head[1], head[0], tuple(body))
