"""Images are pinned, of one version each, and compose runs what Kubernetes runs."""

import re

import pytest

from tests.deploy.documents import ROOT, compose, container, locked, one, pods, project, stages

FLINK = one("FlinkDeployment", "flights")["spec"]


def images() -> list[str]:
    """Return every image that the deployment pulls or makes."""
    pulled = [stage.source for stage in stages().values() if stage.source not in stages()]
    pods_ = [it["image"] for pod in pods().values() for it in pod["spec"]["containers"] if "image" in it]
    return [*pulled, *pods_, FLINK["image"], *(it["image"] for it in compose()["services"].values())]


@pytest.mark.parametrize("image", sorted(set(images())))
def test_images_are_pinned(image: str) -> None:
    assert re.search(r":\d+\.\d+[A-Za-z0-9._-]*$", image), f'image "{image}" has no full version'


def test_our_images_carry_the_project_version() -> None:
    ours = {image for image in images() if image.startswith("headrace/")}
    assert ours == {f"headrace/{target}:{project()['version']}" for target in ("services", "flink")}
    assert {"services", "flink"} <= stages().keys()


def test_compose_builds_the_targets_it_names() -> None:
    built = {
        it["image"].partition(":")[0]: it["build"]["target"] for it in compose()["services"].values() if "build" in it
    }
    assert built == {"headrace/services": "services", "headrace/flink": "flink"}


def test_compose_and_kubernetes_run_the_same_redis() -> None:
    redis = compose()["services"]["redis"]
    assert (redis["image"], redis["command"]) == (container("redis")["image"], container("redis")["args"])
    assert redis["command"][1:3] == ["--appendonly", "yes"]


@pytest.mark.parametrize("name", ["scoring", "ingest", "registry"])
def test_services_run_the_same_command_everywhere(name: str) -> None:
    pod = container(name)
    assert compose()["services"][name]["command"] == [*pod["command"], *pod["args"]]


def test_flink_is_one_version() -> None:
    version = locked("apache-flink")
    flink = stages()["flink"]
    assert stages()["flink-dist"].source == f"flink:{version}-java17"
    assert FLINK["flinkVersion"] == "v" + "_".join(version.split(".")[:2])
    assert FLINK["job"]["jarURI"] == f"local:///opt/flink/opt/flink-python-{version}.jar"
    assert any(f"flink-s3-fs-presto-{version}.jar" in run for run in flink.arguments("RUN"))


def test_the_images_use_the_makefile_uv_and_the_lock_with_hashes() -> None:
    version = re.search(r"^UV_VERSION := (\S+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert version
    runs = stages()["packages"].arguments("RUN")
    assert any(f"uv=={version[1]}" in run for run in runs)
    assert any("--require-hashes /build/runtime.txt" in run for run in runs)


def test_the_images_and_the_project_agree_on_python() -> None:
    minor = stages()["python"].source.removeprefix("python:").rsplit(".", 1)[0]
    assert project()["requires-python"].startswith(f">={minor}")
    assert any(f"/opt/venv/lib/python{minor}/site-packages" in run for run in stages()["packages"].arguments("RUN"))


def test_compose_publishes_on_loopback_only() -> None:
    ports = [port for service in compose()["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert len({port.split(":")[1] for port in ports}) == len(ports)


def test_compose_services_are_supervised() -> None:
    once = {"key", "cli"}
    for name, service in compose()["services"].items():
        assert ("healthcheck" in service) is (name not in once)
        assert ("restart" in service) is (name not in once)
        named = {volume.partition(":")[0] for volume in service.get("volumes", [])}
        assert named <= compose()["volumes"].keys()


@pytest.mark.parametrize("module", ["engine.scoring", "engine.ingest", "schemas.registry_service"])
def test_the_image_checks_what_it_starts(module: str) -> None:
    assert any(f"python -m {module}" in " ".join(it.get("command", [])) for it in compose()["services"].values())
    assert any(module in run for run in stages()["services"].arguments("RUN"))


@pytest.mark.parametrize("target", ["services", "flink"])
def test_the_image_checks_that_its_user_finds_the_compiled_kernels(target: str) -> None:
    checks = [run for run in stages()[target].arguments("RUN") if "compile_kernels()" in run]
    assert len(checks) == 1
    assert "assert not compiled" in checks[0]
