"""When too many records fail, going on would only fill the dead letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from engine.plan import Plan
from engine.workflow import LEAST_WINDOW
from models.outcome import Outcome, Rejection
from models.shard import Shard
from schemas.errors import Fatal

ALL_FAILED_AFTER = 100
_REASONS = 3


def check_budget(plan: Plan, shard: Shard, uncounted: Sequence[bool], outcome: Outcome) -> None:
    """Raises Fatal when a shard's first hundred records all failed, or more than the workflow's share of its last ones.

    `uncounted` records of the batch do not count: what was sent again has counted once, and what other streams have
    refused has a budget in engine/jvm/headrace/Budget.java. The transaction is aborted with the job: letters since the
    last checkpoint are not to be read.
    """
    refused = [each for position, each in outcome.rejected.items() if not (uncounted and uncounted[position])]
    if not refused:
        return
    rejects = shard.rejects
    if rejects.rejected == rejects.records >= ALL_FAILED_AFTER:
        last, said = _commonest(refused)
        all_failed = f"the first {rejects.records} records all failed, {said}"
        raise Fatal(f'{last.error}\nworkflow "{plan.workflow}": {all_failed}')
    records, dead = rejects.window_records, rejects.window_rejected
    if records >= LEAST_WINDOW and dead > plan.max_dead * records:
        last, said = _commonest(refused)
        raise Fatal(
            f'workflow "{plan.workflow}": {dead} of the last {records} records are dead letters, more than max_dead '
            f"{plan.max_dead:.2%}; {said}: {last.error}",
            hint=f'mend the cause, or allow more with max_dead; topic "{plan.topics[0]}" has those up to the last '
            "checkpoint, the later ones went with their transaction",
        )


def _commonest(rejections: Sequence[Rejection]) -> tuple[Rejection, str]:
    """The last rejection of a frame for the reason that most have in it, and how many there are for each."""
    reasons = Counter(rejection.error.reason for rejection in rejections).most_common(_REASONS)
    counts = ", ".join(f"{reason} {count}" for reason, count in reasons)
    commonest, _ = reasons[0]
    last = [rejection for rejection in rejections if rejection.error.reason == commonest][-1]
    return last, f'in the last frame {counts}; the last {commonest} one at node "{last.node}"'
