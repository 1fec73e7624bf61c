"""When a sink, or a pipeline for connectors, refuses too much, going on would only fill the dead letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from engine.plan import Plan
from engine.worker.budget import ALL_FAILED_AFTER
from engine.worker.encoding import Encoded
from engine.worker.features import Placed
from engine.workflow import LEAST_WINDOW
from models.outcome import Rejection
from schemas.errors import BadRecord, Fatal


class SinkBudget:
    """Counts, since a worker was opened, what each sink was given and what it refused.

    So it does for pipelines that connectors read. The records themselves were learned: these letters are none of their
    shard's.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._sinks = frozenset(sink.name for sink in plan.sinks)
        self._given: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._last: dict[str, BadRecord] = {}

    def check(
        self, results: Mapping[str, Encoded], rows: Iterable[Placed], refused: Iterable[tuple[int, Rejection]]
    ) -> None:
        """Raises Fatal when a sink's first hundred results were all refused, or more than the workflow's share.

        The sinks were given the results and the feature rows of a frame.
        """
        self._given.update({name: len(encoded.results) + len(encoded.refused) for name, encoded in results.items()})
        self._given.update(row.feature_set for _, row in rows)
        for _, (name, error) in refused:
            self._refused[name] += 1
            self._last[name] = error
        for name, count in self._refused.items():
            total, last = self._given[name], self._last[name]
            node = f'{"sink" if name in self._sinks else "pipeline"} "{name}"'
            example = f"the last one, {last.reason}: {last}"
            if total == count >= ALL_FAILED_AFTER:
                raise Fatal(f"{node}: refuses all of its first {total} results; {example}")
            if total >= LEAST_WINDOW and count > self._plan.max_dead * total:
                raise Fatal(
                    f"{node}: refuses {count} of {total} results, more than max_dead {self._plan.max_dead:.2%}; "
                    f"{example}",
                    hint="mend the cause, or allow more with max_dead",
                )
