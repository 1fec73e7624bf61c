"""The same query in plain Flink SQL, on the same cluster, its result into a black hole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.events import LATENESS, Events, schema_file
from benchmarks.headrace_job import CHECKPOINT_EVERY, finished
from benchmarks.queries import VIEWS, Measured
from engine.connectors import Table
from engine.connectors.table import interval, quoted
from engine.flink import gateway
from engine.flink.configuration import JobSettings, configuration
from engine.flink.rest import FlinkRest
from engine.flink.streams import byte_array
from engine.jars import flink_jars
from engine.jobs.running import checkpoints_of
from engine.jvm.compile import shim_jar
from engine.settings import Addresses, Settings

_SOURCES = Path(__file__).parent / "jvm"
_TYPES = {"long": "BIGINT", "double": "DOUBLE", "string": "STRING"}


def run(measured: Measured, events: Events, settings: Settings, after: int) -> Mapping[str, int]:
    """Runs the query once: how many rows were `taken`, and when (ms) that after which it is looked and the last."""
    addresses = Addresses.find(settings)
    gateway.prepare(settings.home)
    job_id = _submit(measured, events, addresses, checkpoints_of(settings), after)
    with FlinkRest(addresses.flink) as flink:
        finished(flink, job_id)
        return {name: int(value) for name, value in flink.accumulators(job_id).items()}


def _submit(measured: Measured, events: Events, addresses: Addresses, checkpoints: str, after: int) -> str:
    job = JobSettings(
        checkpoint_every=CHECKPOINT_EVERY,
        checkpoints=checkpoints,
        # Flink's own default: a larger buffer is better for a query that need not answer at once
        extra={"execution.buffer-timeout.interval": "100 ms"},
    )
    name = f"plain {measured.name}"
    jar = shim_jar(_SOURCES)
    jars = {"pipeline.jars": ";".join(path.as_uri() for path in (*flink_jars(), jar))}
    options = gateway.jvm().org.apache.flink.configuration.Configuration()
    for key, value in (configuration(name, job, addresses.flink) | jars).items():
        options.setString(key, value)
    flink = gateway.jvm().org.apache.flink
    environment = flink.streaming.api.environment.StreamExecutionEnvironment(options)
    tables = flink.table.api.bridge.java.StreamTableEnvironment.create(environment)
    tables.getConfig().set("table.local-time-zone", "UTC")
    for kind in measured.reads:
        tables.executeSql(_table(kind, events, addresses))
    for view, query in VIEWS.items() if measured.plain else ():
        tables.executeSql(f"CREATE TEMPORARY VIEW {quoted(view)} AS {query}")
    _into_black_hole(tables, measured.sql([_described(kind) for kind in measured.reads]), jar, after)
    return str(environment.executeAsync(name).getJobID().toString())


def _into_black_hole(tables: Any, query: str, jar: Path, after: int) -> None:
    jvm = gateway.jvm()
    table = tables.sqlQuery(query)
    row_data = jvm.java.lang.Class.forName("org.apache.flink.table.data.RowData")
    rows = tables.toDataStream(table, table.getResolvedSchema().toPhysicalRowDataType().bridgedTo(row_data))
    hole = jvm.org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink()
    rows.process(_stamps(jar, after), byte_array()).sinkTo(hole)


def _stamps(jar: Path, after: int) -> Any:
    """An object of the one class that is not on the class path of this process."""
    jvm = gateway.jvm()
    urls = gateway.array(jvm.java.net.URL, [jvm.java.net.URL(jar.as_uri())])
    here = jvm.java.lang.Class.forName("org.apache.flink.table.data.RowData").getClassLoader()
    found = jvm.java.net.URLClassLoader(urls, here).loadClass("headrace.Stamps")
    return found.getConstructors()[0].newInstance(gateway.array(jvm.java.lang.Object, [after]))


def _described(kind: str) -> Table:
    return Table(f"{kind}s", tuple(_columns(kind)), "at")


def _columns(kind: str) -> dict[str, str]:
    """The columns of a kind of record, with their types in SQL."""
    fields = json.loads(schema_file(kind).read_text())["fields"]
    types = {field["name"]: field["type"] for field in fields}
    return {name: _TYPES[type_] if isinstance(type_, str) else "TIMESTAMP(3)" for name, type_ in types.items()}


def _table(kind: str, events: Events, addresses: Addresses) -> str:
    """The topic as a table: its watermark is made per partition inside the source, as ours is, with our lateness."""
    columns = ",\n  ".join(f"{quoted(name)} {type_} NOT NULL" for name, type_ in _columns(kind).items())
    options = {
        "connector": "kafka",
        "topic": events.topic(kind),
        "properties.bootstrap.servers": addresses.kafka,
        "properties.isolation.level": "read_committed",
        "scan.startup.mode": "earliest-offset",
        "scan.bounded.mode": "latest-offset",
        "value.format": "avro-confluent",
        "value.avro-confluent.url": addresses.registry,
    }
    given = ",\n  ".join(f"'{name}' = '{value}'" for name, value in options.items())
    watermark = f"WATERMARK FOR `at` AS `at` - {interval(LATENESS)}"
    return f"CREATE TEMPORARY TABLE {quoted(f'{kind}s')} (\n  {columns},\n  {watermark}\n) WITH (\n  {given}\n)"
