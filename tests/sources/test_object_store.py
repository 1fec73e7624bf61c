"""Files in an object store, emulated: moto's S3 server stands in for the real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import fsspec
import pytest
from moto.server import ThreadedMotoServer

from schemas.errors import Retryable
from sources import Files
from tests.sources.cases import read_on
from tests.sources.test_files import divided, lines


@contextmanager
def store_at(address: str) -> Iterator[None]:
    """Inside, fsspec looks for S3 at this address."""
    no_retries = {"retries": {"max_attempts": 0}}
    found = {"endpoint_url": f"http://{address}", "key": "any", "secret": "any", "config_kwargs": no_retries}
    fsspec.config.conf["s3"] = found
    try:
        yield
    finally:
        del fsspec.config.conf["s3"]


@pytest.fixture
def bucket() -> Iterator[str]:
    """An empty bucket."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        with store_at("{}:{}".format(*server.get_host_and_port())):
            fsspec.filesystem("s3").mkdir("readings")
            yield "s3://readings"
    finally:
        server.stop()


def test_a_store_that_is_away_is_waited_for() -> None:
    with store_at("127.0.0.1:1"), pytest.raises(Retryable, match="Could not connect"):
        read_on(Files("s3://readings/*.jsonl"), {})


def test_objects_are_read_once_and_watched_for(bucket: str) -> None:
    store = fsspec.filesystem("s3")
    for part in range(3):
        store.pipe(f"{bucket}/day={part}/part.jsonl", lines(part * 10, part * 10 + 10))
    files = Files(f"{bucket}/day=*/part.jsonl")
    found, at = read_on(files, {})
    assert divided(found) == (list(range(30)), [])
    assert sorted(at) == [f"day={part}/part.jsonl" for part in range(3)]
    store.pipe(f"{bucket}/day=3/part.jsonl", lines(30, 35))
    store.pipe(f"{bucket}/day=0/part.jsonl", lines(5, 10))  # as many records as nobody expects
    more, at = read_on(files, at)
    assert divided(more) == (list(range(30, 35)), [("file_changed", None)])
    assert read_on(files, at)[0] == []
