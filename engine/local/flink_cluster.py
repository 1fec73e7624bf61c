"""Flink: the session cluster inside the `apache-flink` wheel, JobManager and TaskManager as processes of their own."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.jars import flink_home, flink_jars, java, java_home, java_options
from engine.local import leftovers
from engine.local.home import Home
from engine.local.logging_config import write_logging_config
from engine.local.part import Part

SLOTS = 4


_JOBMANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
_TASKMANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"

# Flink's own option for it, `pekko.startup-timeout`, sets a key that Pekko does not read; with 10 s, its default, the
# processes of a slow machine give up
_PATIENCE = "-Dpekko.remote.classic.startup-timeout=300s"

# sizes in MiB that leave room for the Python workers when the whole platform has 3 GiB
_TASK_HEAP, _FRAMEWORK_HEAP, _OFF_HEAP, _NETWORK, _MANAGED = 928, 96, 96, 128, 128
_METASPACE, _OVERHEAD = 384, 192


def flink_cluster(home: Home, ports: Mapping[str, int]) -> tuple[Part, Part]:
    """Write the cluster's configuration and describe its two processes.

    They start without Flink's scripts, which run three more JVMs before each to work out the options that are here.
    """
    # every JSON document is a YAML document
    (home.config / "config.yaml").write_text(json.dumps(_configuration(home, ports), indent=2) + "\n")
    jobmanager = _java(
        home,
        "jobmanager",
        _JOBMANAGER,
        ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx320m", "-XX:MaxMetaspaceSize=256m"],
    )
    heap, direct = _TASK_HEAP + _FRAMEWORK_HEAP, _OFF_HEAP + _NETWORK
    taskmanager = _java(
        home,
        "taskmanager",
        _TASKMANAGER,
        ["-XX:+UseG1GC", f"-Xmx{heap}m", f"-XX:MaxDirectMemorySize={direct}m", f"-XX:MaxMetaspaceSize={_METASPACE}m"],
    )
    # a TaskManager that was killed leaves its Python workers behind: they go before the next one starts
    taskmanager = (sys.executable, "-P", leftovers.__file__, *taskmanager)
    environment = _environment(home)
    return Part("jobmanager", "flink", jobmanager, environment), Part("taskmanager", "flink", taskmanager, environment)


def _java(home: Home, part: str, main_class: str, options: Sequence[str]) -> tuple[str, ...]:
    logging = (f"-Dlog4j.configurationFile={write_logging_config(home)}", f"-Dlog.file={home.log(part)}")
    options = (*options, _PATIENCE, *shlex.split(java_options()), *logging)
    return (str(java()), *options, main_class, "--configDir", str(home.config))


def _environment(home: Home) -> dict[str, str]:
    flink = flink_home()
    return {
        "CLASSPATH": os.pathsep.join(map(str, _jars(flink))),
        "JAVA_HOME": str(java_home()),
        "FLINK_HOME": str(flink),
        "FLINK_CONF_DIR": str(home.config),
        "FLINK_LOG_DIR": str(home.logs),
        "FLINK_LIB_DIR": str(flink / "lib"),
        "FLINK_OPT_DIR": str(flink / "opt"),
        "FLINK_PLUGINS_DIR": str(flink / "plugins"),
        # glibc keeps an arena of freed memory for each thread otherwise
        "MALLOC_ARENA_MAX": "2",
    }


def _jars(flink: Path) -> list[Path]:
    """Flink's own jars, and what every job of ours carries, which would be loaded anew for each job otherwise."""
    return [*sorted((flink / "lib").glob("*.jar")), *sorted((flink / "opt").glob("flink-python*.jar")), *flink_jars()]


def _configuration(home: Home, ports: Mapping[str, int]) -> dict[str, Any]:
    return {
        **_addresses(ports),
        **_memory(),
        "taskmanager.numberOfTaskSlots": SLOTS,
        "classloader.resolve-order": "parent-first",
        "heartbeat.interval": "1 s",
        "heartbeat.timeout": "6 s",
        # answers about jobs would be up to 3 s old otherwise
        "web.refresh-interval": "200 ms",
        # a job that has lost its slots waits for the next TaskManager; it would use up its restarts otherwise
        "resourcemanager.standalone.start-up-time": "200 d",
        "execution.checkpointing.dir": (home.data / "checkpoints").as_uri(),
        "execution.checkpointing.savepoint-dir": (home.data / "savepoints").as_uri(),
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "io.tmp.dirs": str(home.scratch),
        "web.tmpdir": str(home.scratch),
        # on a full disk nobody would learn why a job has failed otherwise
        "jobstore.type": "Memory",
        "jobstore.max-capacity": 100,
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        "web.submit.enable": False,
    }


def _addresses(ports: Mapping[str, int]) -> dict[str, Any]:
    loopback = "127.0.0.1"
    return {
        "jobmanager.rpc.address": loopback,
        "jobmanager.rpc.port": ports["flink_rpc"],
        "jobmanager.bind-host": loopback,
        "taskmanager.host": loopback,
        "taskmanager.bind-host": loopback,
        "rest.address": loopback,
        "rest.bind-address": loopback,
        "rest.port": ports["flink"],
        "rest.bind-port": str(ports["flink"]),
    }


def _memory() -> dict[str, str | float]:
    return {
        "taskmanager.cpu.cores": float(SLOTS),
        "taskmanager.memory.task.heap.size": f"{_TASK_HEAP}m",
        "taskmanager.memory.framework.heap.size": f"{_FRAMEWORK_HEAP}m",
        "taskmanager.memory.framework.off-heap.size": f"{_OFF_HEAP}m",
        "taskmanager.memory.task.off-heap.size": "0m",
        "taskmanager.memory.network.min": f"{_NETWORK}m",
        "taskmanager.memory.network.max": f"{_NETWORK}m",
        "taskmanager.memory.managed.size": f"{_MANAGED}m",
        "taskmanager.memory.jvm-metaspace.size": f"{_METASPACE}m",
        "taskmanager.memory.jvm-overhead.min": f"{_OVERHEAD}m",
        "taskmanager.memory.jvm-overhead.max": f"{_OVERHEAD}m",
    }
