"""From a plan to a Flink job: Kafka, gate, frames, the learning operators, Kafka again, and files."""

from __future__ import annotations

from typing import Any

from engine.flink.assembly import Assembly
from engine.flink.cluster import Cluster
from engine.flink.configuration import JobSettings, configuration
from engine.flink.folders import writes_parquet
from engine.flink.gateway import job_jars, jvm
from engine.flink.outside import Kafka, Outside
from engine.worker.spec import WorkerSpec
from schemas.errors import Fatal


def build(
    spec: WorkerSpec, cluster: Cluster, settings: JobSettings, flink: str | None, outside: Outside | None = None
) -> Any:
    """The execution environment that holds the job; `execute_async` starts it.

    Without an `outside` to read from and write to, these are the topics of the cluster.
    """
    environment = open_environment(spec.plan.workflow, settings, flink, parquet=writes_parquet(spec.plan))
    outside = outside or Kafka(spec.plan.workflow, cluster, settings)
    assembly = Assembly(environment._j_stream_execution_environment, spec, cluster, settings, outside)
    for stream in spec.plan.streams:
        assembly.add(stream)
    assembly.write()
    return environment


def open_environment(workflow: str, settings: JobSettings, flink: str | None, *, parquet: bool = False) -> Any:
    """The execution environment of a job that holds nothing yet; `parquet` says whether it writes such files."""
    from pyflink.common import Configuration
    from pyflink.datastream import StreamExecutionEnvironment

    options = Configuration()
    jars = {"pipeline.jars": ";".join(job_jars(parquet=parquet))}
    said = configuration(workflow, settings, flink)
    for name, value in (jars | said).items():
        options.set_string(name, value)
    java_environment = jvm().org.apache.flink.streaming.api.environment.StreamExecutionEnvironment
    return StreamExecutionEnvironment(
        java_environment.getExecutionEnvironment(options._j_configuration)
        if flink is None
        else java_environment(options._j_configuration)
    )


def submit(environment: Any, workflow: str) -> str:
    """Hand a job to its cluster and return its id. Raises Fatal with Flink's innermost reason where it is refused."""
    from py4j.protocol import Py4JJavaError

    try:
        return str(environment.execute_async(workflow).get_job_id())
    except Py4JJavaError as error:
        cause = error.java_exception
        while cause.getCause() is not None:
            cause = cause.getCause()
        raise Fatal(f'workflow "{workflow}": Flink does not take the job: {cause.toString()}') from error
