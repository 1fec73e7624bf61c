"""A workflow in Flink's application mode: this module is the job's main, in the JobManager's own Python process.

    python -m engine.jobs.application workflows/flights.py

Flink's settings are those of the cluster; only what a workflow decides is set here. Whether the job resumes is decided
by the cluster too, so features keep the generation that their definition had before.
"""

from __future__ import annotations

import sys
from pathlib import Path

from engine.flink.configuration import JobSettings
from engine.flink.job import build
from engine.jobs.definition import definition_digest
from engine.jobs.ending import refuse_endless
from engine.jobs.loading import load_workflow
from engine.jobs.preparation import prepare, resolve
from engine.settings import JobAddresses, Settings
from schemas.errors import Fatal
from sinks import Generations


def main(arguments: list[str]) -> None:
    """Submit the workflow in the file that the first argument names."""
    if len(arguments) != 1:
        raise Fatal("expected one argument: the workflow file")
    settings = Settings.load()
    addresses = JobAddresses.find(settings)
    plan = resolve(load_workflow(Path(arguments[0])).workflow, addresses.registry, settings.home)
    refuse_endless(plan, JobSettings())
    with Generations(addresses.redis, plan.workflow) as generations:
        prepared = prepare(plan, addresses, settings, generations.of(definition_digest(plan)))
    build(prepared.spec, prepared.cluster, JobSettings(), None).execute(plan.workflow)


if __name__ == "__main__":
    main(sys.argv[1:])
