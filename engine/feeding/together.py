"""The feeders of a workflow, all at once: a thread each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from engine.feeding.encoding import Target
from engine.feeding.feeding import Feeding
from engine.feeding.progress import Fed
from engine.workflow import DataSource, Workflow
from schemas.avro import read_schema
from schemas.errors import Fatal

REFRESH_S = 0.5


def targets(workflow: Workflow, source: str | None = None) -> list[Target]:
    """What the feeders of a workflow fill, or that of one source. Raises Fatal where there is none."""
    sources = [node for node in workflow.nodes if isinstance(node, DataSource)]
    fed = [node for node in sources if node.source.fed_by is not None and source in (None, node.name)]
    if not fed:
        there = ", ".join(node.name for node in sources if node.source.fed_by) or "none"
        what = f'source "{source}": is' if source else f'workflow "{workflow.name}": no source is'
        raise Fatal(
            f"{what} not fed by anything" if source else f"{what} fed by anything",
            hint=f"say KafkaTopic(..., fed_by=Files(...)); fed sources here: {there}",
        )
    return [_target(workflow, node) for node in fed]


def _target(workflow: Workflow, node: DataSource) -> Target:
    topic = node.source
    assert topic.fed_by is not None
    schema = read_schema(topic.schema, f'source "{node.name}"') if topic.schema else None
    return Target(workflow.name, node.name, topic.origin, topic.fed_by, schema)


class Together:
    """Feeds several targets until each source ends, one fails, or `stop` is set; `fed` says how far each is."""

    def __init__(
        self, chosen: Sequence[Target], kafka: str, registry: str, stop: threading.Event, *, once: bool = False
    ) -> None:
        self.fed = {target.source: Fed() for target in chosen}
        self.watched: Callable[[], None] = lambda: None
        self.inferred: Callable[[str, dict[str, Any]], None] = lambda *_: None
        self._stop = stop
        self._feedings = {target.source: Feeding(target, kafka, registry, stop=stop, once=once) for target in chosen}

    def run(self) -> None:
        """Feed. Raises Fatal, the first of them, once the other feeders have ended in order."""
        with ThreadPoolExecutor(len(self._feedings), thread_name_prefix="feeder") as threads:
            running = {threads.submit(self._feed, name): name for name in self._feedings}
            while running:
                done, _ = wait(running, REFRESH_S, FIRST_COMPLETED)
                for future in done:
                    self._note(future, running.pop(future))
                self.watched()

    def _feed(self, name: str) -> Fed:
        feeding = self._feedings[name]
        feeding.progress = lambda fed: self.fed.update({name: fed})
        feeding.inferred = lambda schema: self.inferred(name, schema)
        return feeding.run()

    def _note(self, future: Future[Fed], name: str) -> None:
        if future.exception() is not None:
            self._stop.set()
        self.fed[name] = future.result()
