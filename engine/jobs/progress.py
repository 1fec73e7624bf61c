"""How a running workflow is doing: the metrics of its workers, added up."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from engine.scrape_targets import find_last, find_targets
from schemas.version import Version

TIMEOUT_S = 1.0


@dataclass(frozen=True)
class Progress:
    """Counts since the workers started, and the quality of the model.

    `records` were taken in by the part that has taken in most: one record may pass several.
    `replayed` is how many frames were learned again from the logs of their shards when those were restored.
    `compiled` are the records of frames that went by compiled twins, and not by river.
    `quality` has the prequential metrics, weighted by the records that each shard has judged; `version` is the greatest
    published one.
    """

    records: int = 0
    learned: int = 0
    dead: int = 0
    feature_rows: int = 0
    replayed: int = 0
    quality: dict[str, float] = field(default_factory=dict)
    version: Version | None = None
    compiled: int = 0


def read_progress(workflow: str, folder: Path) -> Progress:
    """Ask the workers of `workflow` that left their addresses in `folder`; those that have ended left their last words.

    One that was killed is passed over.
    """
    totals: dict[str, float] = defaultdict(float)
    taken_in: dict[str, float] = defaultdict(float)  # by stream
    shards: dict[str, dict[str, float]] = defaultdict(dict)
    epochs: dict[str, int] = {}
    counts: dict[str, int] = {}
    for text in _scrape(workflow, folder):
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                shard = sample.labels.get("shard", "")
                if sample.labels.get("workflow") != workflow:
                    continue  # the port of a worker that has ended is another one's by now
                if sample.name == "headrace_prequential":
                    shards[shard][sample.labels["metric"]] = sample.value
                elif sample.name == "headrace_model_epoch":
                    epochs[shard] = int(sample.value)
                elif sample.name == "headrace_model_records":
                    counts[shard] = int(sample.value)
                elif sample.name == "headrace_records_total":
                    taken_in[sample.labels.get("stream", "")] += sample.value
                else:
                    totals[sample.name] += sample.value
    return Progress(
        int(max(taken_in.values(), default=0)),
        int(totals["headrace_learned_records_total"]),
        int(totals["headrace_dead_letters_total"]),
        int(totals["headrace_feature_rows_total"]),
        int(totals["headrace_replayed_frames_total"]),
        _weighted(list(shards.values())),
        max((Version(epoch, counts.get(shard, 0)) for shard, epoch in epochs.items()), default=None),
        int(totals["headrace_compiled_records_total"]),
    )


def _scrape(workflow: str, folder: Path) -> list[str]:
    texts = find_last(folder, workflow)
    with httpx.Client(timeout=TIMEOUT_S, trust_env=False, verify=False) as client:  # plain HTTP, on this machine
        for target in find_targets(folder, workflow):
            try:
                texts.append(client.get(f"http://{target}/metrics").text)
            except httpx.HTTPError:
                continue  # a worker that was killed leaves its file behind
    return texts


def _weighted(shards: list[dict[str, float]]) -> dict[str, float]:
    judged = sum(metrics.get("judged", 0.0) for metrics in shards)
    names = {name for metrics in shards for name in metrics} - {"judged"}
    return {
        name: sum(metrics.get(name, 0.0) * metrics.get("judged", 0.0) for metrics in shards) / judged
        for name in sorted(names)
        if judged
    }
