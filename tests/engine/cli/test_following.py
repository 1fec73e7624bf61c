from __future__ import annotations

from rich.console import Console

from engine.cli.following import Meter, explained
from engine.jobs.progress import Progress
from schemas.version import Version

QUALITY = {"accuracy": 0.8712, "f1": 0.8, "log_loss": 0.3104, "no_change_accuracy": 0.7712, "roc_auc": 0.9123}
LATEST = {"accuracy_sliding": 0.9, "f1_sliding": 0.81, "log_loss_sliding": 0.25, "roc_auc_sliding": 0.95}
FADING = {"accuracy_fading": 0.91, "f1_fading": 0.82, "log_loss_fading": 0.26, "roc_auc_fading": 0.96}


def test_progress_can_be_read_on_80_columns() -> None:
    console, meter = Console(width=80), Meter()
    meter.table(Progress(12_000_000), "RUNNING", now_s=1.0)
    quality = dict(sorted({**QUALITY, **LATEST, **FADING}.items()))
    progress = Progress(12_336_776, 12_327_346, 109_430, 37_010_328, 0, quality, Version(12, 12_327_346))
    with console.capture() as captured:
        console.print(meter.table(progress, "RESTARTING", now_s=3.0))
    said = [line.split("  ") for line in captured.get().splitlines()]
    assert [[word.strip() for word in line if word.strip()] for line in said] == [
        ["state", "records", "records/s", "model", "dead", "feature rows"],
        ["restarting", "12,336,776", "168,388", "12.12327346", "109,430", "37,010,328"],
        ["accuracy", "f1", "log loss", "no change accuracy", "roc auc"],
        ["overall", "0.8712", "0.8000", "0.3104", "0.7712", "0.9123"],
        ["sliding", "0.9000", "0.8100", "0.2500", "0.9500"],
        ["fading", "0.9100", "0.8200", "0.2600", "0.9600"],
    ]


def test_a_full_disk_is_named_where_checkpoints_fail() -> None:
    said = explained("checkpoint 3 failed: Asynchronous task checkpoint failed.", "file:///proc/checkpoints")
    assert said.startswith('checkpoints fail: checkpoints "/proc/checkpoints": 0 MiB are free on this disk')
    assert said.endswith("make room, the job goes on by itself")
    assert explained("java.lang.Error: other", "file:///proc/checkpoints") == "java.lang.Error: other"
