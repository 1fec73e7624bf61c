"""Letters counted, without a broker."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.jobs.dead_letters import Ledger, Letter, tallies

AT = datetime(2013, 1, 1, tzinfo=UTC)


def letter(offset: int, node: str, reason: str) -> Letter:
    return Letter((0, offset), b"", {"node": node, "reason": reason, "failed_at": AT})


def test_letters_of_sinks_are_counted_and_not_open_for_their_records_were_learned() -> None:
    letters = [letter(0, "pages", "late"), letter(1, "table", "refused"), letter(2, "table", "refused")]
    counted = {at: (tally.letters, tally.open) for at, tally in tallies(letters, Ledger()).items()}
    assert counted == {("pages", "late"): (1, 1), ("table", "refused"): (2, 0)}
