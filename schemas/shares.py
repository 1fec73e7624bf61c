"""Shares as authors write them: a percentage."""

from __future__ import annotations

from schemas.errors import Fatal


def parse_share(text: str) -> float:
    """The share that `text` names, of 1. Raises Fatal on anything but a percentage from 0 to 100.

    >>> parse_share("0.5%")
    0.005
    """
    try:
        share = float(text.removesuffix("%")) / 100 if str(text).endswith("%") else float("nan")
    except ValueError:
        share = float("nan")
    if not 0 <= share <= 1:
        raise Fatal(f'share "{text}": expected one between "0%" and "100%"')
    return share
