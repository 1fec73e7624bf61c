"""Names, ports and settings mean the same in manifests, compose file and Dockerfile."""

import re
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.deploy.documents import BASE, ROOT, Stage, compose, container, documents, one, pods, stages

FLINK = one("FlinkDeployment", "flights")["spec"]
SETTINGS: dict[str, str] = one("ConfigMap", "headrace-settings")["data"]
OURS = {"scoring": "services", "ingest": "services", "registry": "services", "flights": "flink"}
# read where they are used, not by engine/settings.py
ELSEWHERE = {"HEADRACE_WORKER_METRICS_PORT", "HEADRACE_CACHE"}


def chain(stage: Stage) -> list[Stage]:
    """Return the stage and those it is built upon."""
    all_stages = stages()
    found = [stage]
    while found[-1].source in all_stages:
        found.append(all_stages[found[-1].source])
    return found


@pytest.mark.parametrize("name", ["scoring", "ingest", "registry", "redis"])
def test_ports_lead_to_the_process(name: str) -> None:
    (port,) = one("Service", name)["spec"]["ports"]
    (declared,) = container(name)["ports"]
    assert port["targetPort"] == declared["name"]
    assert port["port"] == declared["containerPort"]
    arguments = container(name)["args"]
    if "--port" in arguments:
        assert int(arguments[arguments.index("--port") + 1]) == port["port"]
        assert str(port["port"]) in stages()["services"].arguments("EXPOSE")[0].split()
    (published,) = compose()["services"][name]["ports"]
    assert int(published.rsplit(":")[-1]) == port["port"]


@pytest.mark.parametrize("name", ["scoring", "ingest", "registry", "redis"])
def test_services_select_their_pods(name: str) -> None:
    assert one("Service", name)["spec"]["selector"].items() <= pods()[name]["metadata"]["labels"].items()


def test_redis_and_registry_let_our_pods_in() -> None:
    for name in ("redis", "registry"):
        (rule,) = one("NetworkPolicy", name)["spec"]["ingress"]
        (source,) = rule["from"]
        for pod in pods().values():
            assert source["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()


def test_settings_lead_to_services_that_exist() -> None:
    assert (urlsplit(SETTINGS["HEADRACE_FLINK"]).hostname, urlsplit(SETTINGS["HEADRACE_FLINK"]).port) == (
        "flights-rest",
        8081,
    )
    for setting, name in (("REDIS", "redis"), ("REGISTRY", "registry"), ("SCORING", "scoring"), ("INGEST", "ingest")):
        url = urlsplit(SETTINGS[f"HEADRACE_{setting}"])
        assert (url.hostname, url.port) == (name, one("Service", name)["spec"]["ports"][0]["port"])


def test_compose_settings_lead_to_services_that_exist() -> None:
    services = compose()["services"]
    settings = services["cli"]["environment"]
    for name in ("KAFKA", "REDIS", "REGISTRY", "SCORING", "INGEST", "FLINK"):
        address = settings[f"HEADRACE_{name}"]
        assert urlsplit(address if "//" in address else f"//{address}").hostname in services
    jobs_state = {"HEADRACE_CHECKPOINTS", "HEADRACE_SAVEPOINTS"}  # in Kubernetes the FlinkDeployment says where
    assert settings.keys() - jobs_state == SETTINGS.keys() - {"HEADRACE_HOME"}
    assert {settings[name].split("/")[3] for name in jobs_state} == {"flink-data"}
    for name in ("scoring", "ingest", "registry", "jobmanager", "taskmanager"):
        assert settings.items() <= services[name]["environment"].items()


def test_the_command_in_compose_reaches_the_metrics_of_the_workers() -> None:
    services = compose()["services"]
    [home] = re.findall(r"\bHEADRACE_HOME=(\S+)", (ROOT / "Dockerfile").read_text())
    for name in ("cli", "taskmanager"):
        assert f"home:{home}" in services[name]["volumes"]
    assert services["cli"]["network_mode"] == "service:taskmanager"


def test_settings_are_known_to_the_engine() -> None:
    settings = pytest.importorskip("engine.settings").Settings
    known = {f"HEADRACE_{name.upper()}" for name in settings.model_fields} | ELSEWHERE
    assert SETTINGS.keys() <= known
    assert set(re.findall(r"\bHEADRACE_\w+", (ROOT / "Dockerfile").read_text())) <= known


@pytest.mark.parametrize("name", OURS)
def test_our_pods_read_the_settings(name: str) -> None:
    assert container(name)["envFrom"] == [{"configMapRef": {"name": "headrace-settings"}}]


@pytest.mark.parametrize("name", OURS)
def test_our_pods_run_as_the_user_of_their_image(name: str) -> None:
    security = pods()[name]["spec"]["securityContext"]
    users = [user for stage in chain(stages()[OURS[name]]) for user in stage.arguments("USER")]
    assert users == [f"{security['runAsUser']}:{security['runAsGroup']}"]
    assert security["fsGroup"] == security["runAsGroup"]


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("scoring", "HEADRACE_SIGNING_KEY"),
        ("flights", "HEADRACE_SIGNING_KEY"),
        ("ingest", "HEADRACE_INGEST_TOKENS"),
    ],
)
def test_secrets_are_mounted_where_the_settings_say(name: str, setting: str) -> None:
    folder, _, file = SETTINGS[setting].rpartition("/")
    (volume,) = (it for it in pods()[name]["spec"]["volumes"] if "secret" in it)
    (mount,) = (it for it in container(name)["volumeMounts"] if it["name"] == volume["name"])
    assert mount["mountPath"] == folder
    assert f"--from-file={file}=" in (ROOT / "docs" / "deploy.md").read_text()
    assert volume["secret"]["secretName"] in (ROOT / "docs" / "deploy.md").read_text()


@pytest.mark.parametrize("name", pods())
def test_mounts_have_their_volumes(name: str) -> None:
    stateful = [it for it in documents(BASE) if it["kind"] == "StatefulSet" and it["metadata"]["name"] == name]
    claimed = {it["metadata"]["name"] for each in stateful for it in each["spec"]["volumeClaimTemplates"]}
    volumes = pods()[name]["spec"].get("volumes", [])
    assert {it["name"] for it in container(name)["volumeMounts"]} == claimed | {it["name"] for it in volumes}
    claims = {it["metadata"]["name"] for it in documents(BASE) if it["kind"] == "PersistentVolumeClaim"}
    assert {it["persistentVolumeClaim"]["claimName"] for it in volumes if "persistentVolumeClaim" in it} <= claims


def test_flink_keeps_its_state_on_a_mounted_volume() -> None:
    mounts = tuple(f"file://{it['mountPath']}/" for it in container("flights")["volumeMounts"] if it["name"] == "state")
    folders = [value for value in FLINK["flinkConfiguration"].values() if value.startswith("file:")]
    assert len(folders) == 3
    assert all(folder.startswith(mounts) for folder in folders)


def test_flink_has_a_slot_for_each_subtask_and_runs_the_image_python() -> None:
    configuration = FLINK["flinkConfiguration"]
    assert FLINK["job"]["parallelism"] <= int(configuration["taskmanager.numberOfTaskSlots"])
    for key in ("python.executable", "python.client.executable"):
        assert configuration[key] == "/opt/venv/bin/python"
    assert any(target.endswith(" /opt/venv") for target in stages()["flink"].arguments("COPY"))


def test_flink_starts_a_module_and_a_workflow_that_the_image_holds() -> None:
    option, module, workflow = FLINK["job"]["args"]
    assert option == "-pym"
    assert find_spec(module)
    assert (ROOT / Path(workflow).relative_to("/opt/headrace")).is_file()


def test_flink_metrics_ports_are_declared() -> None:
    declared = {it["name"]: it["containerPort"] for it in container("flights")["ports"]}
    assert declared["flink-metrics"] == int(FLINK["flinkConfiguration"]["metrics.reporter.prometheus.port"])
    assert declared["worker-metrics"] == int(SETTINGS["HEADRACE_WORKER_METRICS_PORT"])
    assert {str(port) for port in declared.values()} <= set(stages()["flink"].arguments("EXPOSE")[0].split())


def test_flink_account_may_do_its_work() -> None:
    binding = one("RoleBinding", FLINK["serviceAccount"])
    assert [(it["kind"], it["name"]) for it in binding["subjects"]] == [("ServiceAccount", FLINK["serviceAccount"])]
    assert one("Role", binding["roleRef"]["name"])
    assert one("ServiceAccount", FLINK["serviceAccount"])
