"""A worker that makes columns of frames, and nothing of these."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyflink.datastream import KeyedProcessFunction, RuntimeContext

from engine.flink.sampling import stop_sampling
from engine.worker.collecting import collect_seldom
from engine.worker.decoding import FrameDecoder
from engine.worker.spec import WorkerSpec
from schemas.codec import Decoder
from schemas.errors import Fatal
from schemas.frames import Frame
from schemas.table import Table


class ToColumns(KeyedProcessFunction):  # type: ignore[misc]  # pyflink has no types
    """Takes the frames of the only part of a pickled WorkerSpec, as a worker of ours does.

    It writes to the file `path` when it has taken `after` records, and when `last`: the instant and how many there
    were.
    """

    def __init__(self, spec: bytes, path: str, after: int, last: int) -> None:
        self._spec = spec
        self._path = path
        self._after = after
        self._last = last

    def open(self, context: RuntimeContext) -> None:
        stop_sampling()
        spec: WorkerSpec = pickle.loads(self._spec)
        [part] = spec.plan.parts
        decoder = Decoder(part.reader, spec.known[part.name].__getitem__, scanned=True)
        self._decoder = FrameDecoder(spec.plan.streams, part.feed, decoder)
        self._taken = 0
        collect_seldom()

    def process_element(self, value: Any, context: KeyedProcessFunction.Context) -> Iterator[bytes]:
        records = self._decoder.decode(Frame.decode(value)).records
        if not isinstance(records, Table):
            raise Fatal("a frame did not become columns")
        before, self._taken = self._taken, self._taken + len(records)
        for told in (self._after, self._last):
            if before < told <= self._taken:
                with Path(self._path).open("a") as file:
                    file.write(f"{time.time()} {self._taken}\n")
        return iter(())
