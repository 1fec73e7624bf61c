"""Flink: the session cluster inside the `apache-flink` wheel, JobManager and TaskManager as processes of their own."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML

from engine.jars import flink_home, java_home
from engine.local import leftovers
from engine.local.home import Home
from engine.local.logging_config import write_logging_config
from engine.local.part import Part

SLOTS = 4


def flink_cluster(home: Home, ports: Mapping[str, int]) -> tuple[Part, Part]:
    """Write the cluster's configuration and describe its two processes."""
    write_logging_config(home)
    scratch = home.data / "flink"
    scratch.mkdir(exist_ok=True)
    # every JSON document is a YAML document
    (home.config / "config.yaml").write_text(json.dumps(_configuration(home, ports), indent=2) + "\n")
    environment = {
        "FLINK_HOME": str(flink_home()),
        "FLINK_CONF_DIR": str(home.config),
        "FLINK_LOG_DIR": str(home.logs),
        "FLINK_PID_DIR": str(scratch),
        "JAVA_HOME": str(java_home()),
        # glibc keeps an arena of freed memory for each thread otherwise
        "MALLOC_ARENA_MAX": "2",
    }
    jobmanager = (_script("jobmanager"), "start-foreground")
    # a TaskManager that was killed leaves its Python workers behind: they go before the next one starts
    taskmanager = (sys.executable, "-P", leftovers.__file__, _script("taskmanager"), "start-foreground")
    return Part("jobmanager", "flink", jobmanager, environment), Part("taskmanager", "flink", taskmanager, environment)


def _script(name: str) -> str:
    return str(flink_home() / "bin" / f"{name}.sh")


def _configuration(home: Home, ports: Mapping[str, int]) -> dict[str, Any]:
    return {
        **_addresses(ports),
        **_memory(),
        "env.java.opts.all": _java_options(),
        "env.java.opts.jobmanager": "-XX:+UseSerialGC",
        "env.java.opts.taskmanager": "-XX:+UseG1GC",
        "taskmanager.numberOfTaskSlots": SLOTS,
        "heartbeat.interval": "1 s",
        "heartbeat.timeout": "6 s",
        "execution.checkpointing.dir": (home.data / "checkpoints").as_uri(),
        "execution.checkpointing.savepoint-dir": (home.data / "savepoints").as_uri(),
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "io.tmp.dirs": str(home.data / "flink"),
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


def _memory() -> dict[str, str]:
    """Return limits that leave room for the Python workers when the whole platform has 3 GiB."""
    return {
        "jobmanager.memory.process.size": "768m",
        "jobmanager.memory.jvm-metaspace.size": "256m",
        "taskmanager.memory.process.size": "1472m",
        "taskmanager.memory.jvm-metaspace.size": "384m",
        "taskmanager.memory.managed.size": "128m",
        "taskmanager.memory.network.min": "128m",
        "taskmanager.memory.network.max": "128m",
        "taskmanager.memory.framework.off-heap.size": "96m",
        "taskmanager.memory.jvm-overhead.min": "192m",
        "taskmanager.memory.jvm-overhead.max": "192m",
    }


def _java_options() -> str:
    """Return the options without which Flink cannot run on Java 17: the distribution's own."""
    shipped = YAML(typ="safe").load(flink_home() / "conf" / "config.yaml")
    return str(shipped["env"]["java"]["opts"]["all"])
