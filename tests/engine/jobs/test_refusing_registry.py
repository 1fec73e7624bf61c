"""A registry that refuses in the middle of a run stops the job, since waiting would not help."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from engine.flink.configuration import JobSettings
from engine.flink.rest import FlinkRest
from engine.jobs.loading import LoadedWorkflow
from engine.jobs.running import start
from engine.local.platform import Platform
from engine.settings import Settings
from tests.engine.jobs.readings import feed
from tests.engine.jobs.trial import Trial, workflow
from tests.schemas.serving import served

pytestmark = pytest.mark.services
SECRET_ID = 2**31 - 1


@pytest.fixture
def guarded(platform: Platform) -> Iterator[str]:
    """The address of the platform's registry behind a guard, who lets nobody ask for one of the schemas."""
    app = FastAPI()

    @app.get(f"/schemas/ids/{SECRET_ID}")
    def refuse() -> Response:
        return Response('{"error_code": 40301, "message": "not for you"}', 403)

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def forward(path: str, request: Request) -> Response:
        async with httpx.AsyncClient(base_url=platform.addresses.registry, trust_env=False) as client:
            answer = await client.request(
                request.method, f"/{path}", json=await request.json() if request.method == "POST" else None
            )
        return Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])

    with served(app) as url:
        yield url


def test_a_registry_that_refuses_stops_a_job_without_restarts(platform: Platform, guarded: str) -> None:
    with feed(platform) as stream:
        stream.write(100)
        stream.put(b"\0" + SECRET_ID.to_bytes(4, "big"), 0)
        stream.writer.flush()
        settings = Settings.load(home=platform.home, registry=guarded)
        trial = Trial(platform, start(LoadedWorkflow(workflow(stream), ()), settings, JobSettings()))
        trial.wait_until_ended("FAILED")
    said = trial.ask(FlinkRest.failure)
    assert said == f'registry "{guarded}": not for you (40301)\nhint: put user:password@ into its URL'
    assert trial.ask(FlinkRest.failures) == 1
