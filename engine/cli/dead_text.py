"""Dead letters in words: counts as a table, a letter with its record as far as it can be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from engine.jobs.dead_letters import Ledger, Letter, Tally
from schemas.codec import Decoder, schema_id
from schemas.errors import BadRecord
from schemas.registry import Registry

SHOWN_BYTES = 1_024


def counts_table(tallies: Mapping[tuple[str, str], Tally]) -> Table:
    """A line for each node and reason."""
    table = Table(box=None, pad_edge=False)
    for name in ("node", "reason"):
        table.add_column(name, no_wrap=True)
    for name in ("letters", "open"):
        table.add_column(name, no_wrap=True, justify="right")
    for name in ("first", "last"):
        table.add_column(name, no_wrap=True)
    for (node, reason), tally in tallies.items():
        table.add_row(
            node, reason, f"{tally.letters:,}", f"{tally.open:,}", _instant(tally.first), _instant(tally.last)
        )
    return table


def counts_json(tallies: Mapping[tuple[str, str], Tally]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "node": node,
            "reason": reason,
            "letters": tally.letters,
            "open": tally.open,
            "earlier": tally.earlier,
            "first": tally.first.isoformat() if tally.first else None,
            "last": tally.last.isoformat() if tally.last else None,
        }
        for (node, reason), tally in tallies.items()
    ]


def described(letter: Letter, ledger: Ledger, registry: Registry) -> dict[str, Any]:
    """A letter and its record; bytes that cannot be read are hexadecimal, at most 1 KiB of them."""
    said = letter.said
    sent = "sent again" if letter.place in ledger.sent else "of a run before the last fresh start"
    return {
        "letter": "{}:{}".format(*letter.place),
        "state": "open" if ledger.is_open(letter.place) else sent,
        "failed_at": letter.failed_at.isoformat(timespec="seconds"),
        "node": said["node"],
        "reason": said["reason"],
        "attempt": said["attempt"],
        "error": said["error"],
        "topic": said["topic"],
        "partition": said["partition"],
        "offset": said["offset"],
        "event_time": _millis(said["event_time"]),
        "key": _text(said["key"]),
        "headers": _text(said["headers"]),
        "value": _value(said["value"], registry),
    }


def in_lines(said: Mapping[str, Any]) -> str:
    r"""What is said of a letter, for people.

    >>> print(in_lines({"reason": "late", "key": None, "error": "a\nb", "value": {"a": 1}}))
    reason:     late
    key:        -
    error:      a
                b
    value:      {"a": 1}
    """
    return "\n".join(f"{name + ':':<12}{_line(value)}" for name, value in said.items())


def _line(value: object) -> str:
    if value is None:
        return "-"
    return json.dumps(value) if isinstance(value, dict) else str(value).replace("\n", "\n" + " " * 12)


def _value(value: bytes | None, registry: Registry) -> Any:
    """The record as its writer's schema reads it."""
    try:
        schema = registry.schema(schema_id(value))
        return json.loads(json.dumps(Decoder(schema, registry.schema).decode(value), default=str))
    except BadRecord:
        return None if value is None else _hex(value)


def _text(blob: bytes | None) -> str | None:
    if blob is None:
        return None
    text = blob.decode(errors="replace")
    return text if text.isprintable() else _hex(blob)


def _hex(blob: bytes) -> str:
    more = f" and {len(blob) - SHOWN_BYTES:,} bytes more" if len(blob) > SHOWN_BYTES else ""
    return f"0x{blob[:SHOWN_BYTES].hex()}{more}"


def _instant(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(" ", "seconds").removesuffix("+00:00") if at else "-"


def _millis(ms: int | None) -> str | int | None:
    """An event time as it was found: not every number is an instant."""
    try:
        return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return ms
