"""The JVM behind PyFlink: started with the bundled runtime, logging to a folder of ours."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from engine.jars import flink_home, flink_jars, java_home, java_options, parquet_jars
from engine.jvm.compile import shim_jar

_LOGGING = Template("""
rootLogger.level = WARN
rootLogger.appenderRef.file.ref = File
appender.file.name = File
appender.file.type = FILE
appender.file.fileName = $file
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{ISO8601} %-5p %c{1} - %m%n
""")


def prepare(folder: Path) -> None:
    """Start the JVM, with what it reads from its environment; does nothing once a JVM runs."""
    logs, configuration = folder / "logs", folder / "client"
    logs.mkdir(parents=True, exist_ok=True)
    configuration.mkdir(parents=True, exist_ok=True)
    (configuration / "config.yaml").write_text(json.dumps({"env.java.opts.all": java_options()}))
    (configuration / "log4j-cli.properties").write_text(_LOGGING.substitute(file=logs / "client.log"))
    environment = {
        "JAVA_HOME": str(java_home()),
        "FLINK_HOME": str(flink_home()),
        "FLINK_CONF_DIR": str(configuration),
        "FLINK_LOG_DIR": str(logs),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "JVM_ARGS": f"-Xmx512m -Djava.io.tmpdir={_scratch()}",
        # PyFlink adds a job's jars to the class path of one thread of the JVM only, and py4j may use several; what it
        # finds here is on the class path of all
        "HADOOP_CLASSPATH": os.pathsep.join(map(str, (*flink_jars(), *parquet_jars(), shim_jar()))),
    }
    os.environ.update(environment)
    _gateway()


def jvm() -> Any:
    """The JVM's classes, starting it if there is none; `prepare` comes first."""
    return _gateway().jvm


def int_array(values: list[int]) -> Any:
    """A Java `int[]`."""
    return array(jvm().int, values)


def string_array(values: list[str]) -> Any:
    """A Java `String[]`."""
    return array(jvm().java.lang.String, values)


def data_streams(values: list[Any]) -> Any:
    """A Java `DataStream[]`."""
    return array(jvm().org.apache.flink.streaming.api.datastream.DataStream, values)


def array(kind: Any, values: list[Any]) -> Any:
    """A Java array of a class."""
    made = _gateway().new_array(kind, len(values))
    for position, value in enumerate(values):
        made[position] = value
    return made


@cache
def _scratch() -> str:
    """A folder for what the JVM leaves behind, the files of jobs above all; it goes when this process does."""
    scratch = tempfile.mkdtemp(prefix="headrace-client-")
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    return scratch


def _gateway() -> Any:
    from pyflink.java_gateway import get_gateway

    with warnings.catch_warnings():
        # PyFlink lets go of the process that it starts, and of its pipes
        warnings.simplefilter("ignore", ResourceWarning)
        return get_gateway()


def job_jars(*, parquet: bool) -> list[str]:
    """The jars that a job carries, as URLs: PyFlink's own, the connectors, what writes Parquet if it does, the shim."""
    python = sorted((flink_home() / "opt").glob("flink-python*.jar"))
    return [path.as_uri() for path in (*python, *flink_jars(), *(parquet_jars() if parquet else ()), shim_jar())]
