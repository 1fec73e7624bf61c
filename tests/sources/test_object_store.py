"""Files in an object store, emulated: moto's S3 server stands in for the real one."""

from __future__ import annotations

from collections.abc import Iterator

import fsspec
import pytest
from moto.server import ThreadedMotoServer

from sources import Files
from tests.sources.cases import read_on
from tests.sources.test_files import divided, lines


@pytest.fixture
def bucket() -> Iterator[str]:
    """An empty bucket, and in fsspec's settings what it needs to find it."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {"endpoint_url": f"http://{host}:{port}", "key": "any", "secret": "any"}
    fsspec.config.conf["s3"] = settings
    try:
        store = fsspec.filesystem("s3")
        store.mkdir("readings")
        yield "s3://readings"
    finally:
        del fsspec.config.conf["s3"]
        server.stop()


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
