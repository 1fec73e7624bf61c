"""The Java side of the border between the JVM and Python, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from engine.jars import flink_home, flink_jars, java
from engine.jvm.compile import SOURCES, shim_jar
from schemas.frames import Frame
from schemas.wire import dead_letter_schema

SERVER = Path(__file__).parent / "jvm" / "headrace"


class Jvm:
    """A session with the process; each method is one question."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def ask(self, operation: bytes, request: bytes) -> bytes:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(operation + struct.pack(">i", len(request)) + request)
        self._process.stdin.flush()
        (size,) = struct.unpack(">i", self._process.stdout.read(4))
        return self._process.stdout.read(size)

    def accepts(self, schema: dict[str, Any], payload: bytes) -> bool:
        return self.ask(b"w", _sized(json.dumps(schema)) + payload) == b"\1"

    def from_source(self, reader: dict[str, Any], writer: dict[str, Any], frame: Frame) -> Frame:
        schemas = _sized(json.dumps(reader)) + _sized(json.dumps(writer))
        return Frame.decode(self.ask(b"s", schemas + frame.encode()))

    def redriven(
        self, pages: dict[str, Any], written: dict[str, Any], letter: bytes, to_connectors: bool = False
    ) -> Frame:
        """What comes of a dead letter, of the stream "pages" that reads the topic "in", or of none; empty is null.

        The pipelines "model" and "in" take what comes; connectors take only what they have not had.
        """
        schemas = b"".join(_sized(json.dumps(schema)) for schema in (pages, dead_letter_schema(), written))
        return Frame.decode(self.ask(b"d", schemas + bytes([to_connectors]) + letter))

    def row_encoded(self, schema: dict[str, Any], record: bytes) -> tuple[bytes, bytes]:
        """A record, made a row and then bytes again: by our encoder, and by Flink's."""
        answer = self.ask(b"e", _sized(json.dumps(schema)) + record)
        (size,) = struct.unpack(">i", answer[:4])
        return answer[4 : 4 + size], answer[4 + size :]

    def looks_up(self, registry: str, schema_id: int) -> str:
        return self.ask(b"l", _sized(registry) + struct.pack(">i", schema_id)).decode()

    def paced(self, most: int, frames: list[tuple[int, int]], shards: int = 1) -> list[int]:
        """How many records each frame took, of those offered, where those behind take so many ms for it."""
        asked = struct.pack(f">{2 + 2 * len(frames)}i", most, shards, *chain.from_iterable(frames))
        return list(struct.unpack(f">{len(frames)}i", self.ask(b"p", asked)))

    def gated(self, lateness_ms: int, first_ms: int, last_ms: int, frame: Frame) -> Frame:
        """The records that a gate lets pass, the late ones marked, in a range of event times."""
        return Frame.decode(self.ask(b"g", struct.pack(">3q", lateness_ms, first_ms, last_ms) + frame.encode()))

    def merged(self, lateness_ms: int, partitions: int, frame: Frame) -> Frame:
        """The records of several partitions as the sorter releases them, with a watermark after each that has a key."""
        return Frame.decode(self.ask(b"m", struct.pack(">qi", lateness_ms, partitions) + frame.encode()))


@contextmanager
def running(folder: Path) -> Iterator[Jvm]:
    """The shim with the server that answers, compiled in an empty folder."""
    shutil.copytree(SOURCES / "headrace", folder / "headrace")
    shutil.copytree(SERVER, folder / "headrace", dirs_exist_ok=True)
    classpath = [shim_jar(folder), *flink_jars(), *sorted((flink_home() / "lib").glob("*.jar"))]
    command = [str(java()), "-Xmx64m", "-cp", os.pathsep.join(map(str, classpath)), "headrace.FrameServer"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Jvm(process)


def _sized(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">i", len(data)) + data
