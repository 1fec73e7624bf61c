"""When too many records fail, going on would only fill the dead letters."""

from __future__ import annotations

from collections import Counter

from engine.plan import Plan
from engine.workflow import LEAST_WINDOW
from models.outcome import Outcome
from models.shard import Shard
from schemas.errors import Fatal

ALL_FAILED_AFTER = 100


def check_budget(plan: Plan, shard: Shard, outcome: Outcome) -> None:
    """Raises Fatal when a shard's first hundred records all failed, or more than the workflow's share of its last ones.

    What was sent again does not count: it has counted once. The transaction is aborted with the job: letters since the
    last checkpoint are not to be read.
    """
    if not outcome.rejected:
        return
    rejects = shard.rejects
    last = list(outcome.rejected.values())[-1]
    example = f'the last one at node "{last.node}", {last.error.reason}: {last.error}'
    if rejects.rejected == rejects.records >= ALL_FAILED_AFTER:
        raise Fatal(
            f'{last.error}\nworkflow "{plan.workflow}": the first {rejects.records} records all failed; {example}'
        )
    records, dead = rejects.window_records, rejects.window_rejected
    if records >= LEAST_WINDOW and dead > plan.max_dead * records:
        reasons = Counter(rejection.error.reason for rejection in outcome.rejected.values())
        counts = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common(3))
        raise Fatal(
            f'workflow "{plan.workflow}": {dead} of the last {records} records are dead letters, more than max_dead '
            f"{plan.max_dead:.2%}; in the last frame {counts}; {example}",
            hint=f'mend the cause, or allow more with max_dead; topic "{plan.topics[0]}" has those up to the last '
            "checkpoint, the later ones went with their transaction",
        )
