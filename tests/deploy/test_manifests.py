"""Every manifest against Kubernetes' published schemas, the FlinkDeployment against ours."""

import copy
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.deploy.documents import BASE, OVERLAY, ROOT, Document, documents, one, pods

KUBERNETES = ["1.30", "1.37"]  # oldest and newest we speak of; each falls back to the schemas before it
SCHEMA = json.loads((ROOT / "k8s" / "flinkdeployment.schema.json").read_text())


def check(document: Document, version: str = KUBERNETES[-1]) -> None:
    """Raise if the object is not what its kind's schema says, unknown fields included."""
    if document["kind"] != "FlinkDeployment":
        kubernetes_validate.validate(document, version, strict=True)
        return
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    pod = {"apiVersion": "v1", "kind": "Pod", **document["spec"]["podTemplate"]}
    kubernetes_validate.validate(pod, version, strict=True)


def merged(base: Any, patch: Any) -> Any:
    """Return the base with a patch of nothing but maps and scalars laid over it."""
    if not isinstance(patch, dict):
        return patch
    return {**base, **{key: merged(base.get(key, {}), value) for key, value in patch.items()}}


def test_our_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("document", documents(BASE), ids=lambda it: f"{it['kind']}-{it['metadata']['name']}")
def test_base_is_valid(document: Document, version: str) -> None:
    check(document, version)


@pytest.mark.parametrize("patch", documents(OVERLAY), ids=lambda it: f"{it['kind']}-{it['metadata']['name']}")
def test_overlay_changes_what_exists_and_stays_valid(patch: Document) -> None:
    base = one(patch["kind"], patch["metadata"]["name"])
    result = merged(base, patch)
    assert result != base
    check(result)


@pytest.mark.parametrize("folder", [BASE, OVERLAY], ids=["base", "overlay"])
def test_kustomization_names_every_file_beside_it(folder: Any) -> None:
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    named = [*kustomization["resources"], *(patch["path"] for patch in kustomization.get("patches", []))]
    assert all((folder / name).exists() for name in named)
    files = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == {name for name in named if name.endswith(".yaml")}


@pytest.mark.parametrize("name", pods())
def test_pods_meet_the_restricted_standard(name: str) -> None:
    spec = pods()[name]["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"]:
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["readOnlyRootFilesystem"] is True
        assert security["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("name", ["scoring", "ingest", "registry", "redis"])
def test_services_have_probes_and_limits(name: str) -> None:
    (container,) = pods()[name]["spec"]["containers"]
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()
    assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
    assert "memory" in container["resources"]["limits"]


MUTATIONS: dict[str, tuple[str, str, Callable[[Document], Any]]] = {
    "misspelt field": ("Deployment", "scoring", lambda it: it["spec"].update(replica=2)),
    "text for a number": ("Deployment", "scoring", lambda it: it["spec"].update(replicas="two")),
    "no selector": ("StatefulSet", "redis", lambda it: it["spec"].pop("selector")),
    "port without a number": ("Service", "registry", lambda it: it["spec"]["ports"][0].pop("port")),
    "unknown field of a job": ("FlinkDeployment", "flights", lambda it: it["spec"]["job"].update(savepoint="x")),
    "unknown field of the spec": ("FlinkDeployment", "flights", lambda it: it["spec"].update(replicas=2)),
    "another Flink": ("FlinkDeployment", "flights", lambda it: it["spec"].update(flinkVersion="v1_20")),
    "state thrown away": ("FlinkDeployment", "flights", lambda it: it["spec"]["job"].update(upgradeMode="stateless")),
    "image without a version": (
        "FlinkDeployment",
        "flights",
        lambda it: it["spec"].update(image="headrace/flink:latest"),
    ),
    "nested configuration": (
        "FlinkDeployment",
        "flights",
        lambda it: it["spec"]["flinkConfiguration"].update(state={}),
    ),
    "checkpoints nowhere": (
        "FlinkDeployment",
        "flights",
        lambda it: it["spec"]["flinkConfiguration"].pop("execution.checkpointing.dir"),
    ),
    "misspelt field in the pod": (
        "FlinkDeployment",
        "flights",
        lambda it: it["spec"]["podTemplate"]["spec"].update(volume=[]),
    ),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_broken_manifest_is_refused(mutation: str) -> None:
    kind, name, break_it = MUTATIONS[mutation]
    document = copy.deepcopy(one(kind, name))
    break_it(document)
    with pytest.raises((kubernetes_validate.ValidationError, jsonschema.ValidationError)):
        check(document)
