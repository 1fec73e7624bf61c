"""The scoring API beside a plain endpoint, both with one worker, the same model and the same client."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import httpx
from river import datasets

from benchmarks import figures
from benchmarks.figures import Row, Tell
from benchmarks.load import Request, requests_per_s
from benchmarks.peer import ROOT
from benchmarks.plain_endpoint import trained
from engine.settings import Addresses, Settings
from models.artifact import ModelCard, seal
from models.signing import signing_key
from schemas.errors import Fatal
from schemas.version import Version
from sinks import ModelStore

MODEL = "bench_scoring"
CONNECTIONS = 16
SECONDS = 4.0
ROUNDS = 3
_CAP_S = 60.0


def measure(settings: Settings, tell: Tell) -> list[Row]:
    """Requests a second, against those of the plain endpoint."""
    addresses = Addresses.find(settings)
    x, _ = next(iter(datasets.Phishing()))
    _publish(settings, addresses.redis, x)
    ours = Request(f"{addresses.scoring}/models/{MODEL}/predict", {"features": x})
    pairs = []
    with _plain_endpoint() as url:
        plain = Request(f"{url}/predict", x)
        for request in (ours, plain):
            _await_answer(request)
        for _ in range(ROUNDS):
            pairs.append(tuple(requests_per_s(request, CONNECTIONS, SECONDS) for request in (ours, plain)))
            tell(f"scoring API {pairs[-1][0]:,.0f} requests/s, plain endpoint {pairs[-1][1]:,.0f}/s")
    ratio = median(one / other for one, other in pairs)
    scoring, endpoint = (median(side) for side in zip(*pairs, strict=True))
    detail = f"{scoring:,.0f}/s against {endpoint:,.0f}/s, {CONNECTIONS} connections, median of {ROUNDS} rounds"
    return [figures.SCORING.row(ratio, detail)]


def _publish(settings: Settings, redis: str, x: dict[str, float]) -> None:
    store = ModelStore(MODEL).open(redis)
    try:
        version = Version(store.take_epoch(), len(list(datasets.Phishing())))
        card = ModelCard(
            "bench", MODEL, version, 0, features=dict.fromkeys(x, "number"), label="is_phishing", class_path="river"
        )
        store.publish(0, version, seal(card, trained(), signing_key(settings.signing_key_file)))
    finally:
        store.close()


@contextmanager
def _plain_endpoint() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.plain_endpoint", "--port", str(port)], cwd=ROOT)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _await_answer(request: Request) -> None:
    give_up_at = time.monotonic() + _CAP_S
    while True:
        try:
            answer = httpx.post(request.url, json=request.body, trust_env=False)
            if answer.status_code == httpx.codes.OK:
                return
            said = answer.text
        except httpx.TransportError as error:
            said = str(error)
        if time.monotonic() > give_up_at:
            raise Fatal(f"{request.url}: no answer: {said}")
        time.sleep(0.1)
