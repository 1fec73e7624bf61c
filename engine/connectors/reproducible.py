"""What a query needs to give the same rows for the same records, and what keeps it from that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


_OVER = _words("OVER")
_AGGREGATES = _words(r"GROUP\s+BY|OVER|DISTINCT|MATCH_RECOGNIZE|LIMIT|FETCH")
_SEVERAL = re.compile(r"\b(?:JOIN|UNION|INTERSECT|EXCEPT|FROM\s+\S+(?:\s+(?:AS\s+)?\w+)?\s*,)", re.IGNORECASE)
_SELECT = _words("SELECT")
_SUMS = re.compile(r"\b(?:AVG|SUM|STDDEV|STDDEV_\w+|VAR_\w+|VARIANCE)\s*\(", re.IGNORECASE)
_LAST = re.compile(r"\b(?:FIRST_VALUE|LAST_VALUE)\s*\(", re.IGNORECASE)
_ONE_BY_ONE = _words("ROWS|UNBOUNDED")


def has_over(query: str) -> bool:
    """Whether a query looks back from each row, with OVER."""
    return _OVER.search(query) is not None


def aggregates(query: str, *, final: bool) -> bool:
    """Whether what a query gives may depend on the order of its rows; a `final` result is of all of them.

    >>> aggregates("SELECT LAST_VALUE(price) FROM TABLE(TUMBLE(...)) GROUP BY window_start", final=False)
    True
    >>> aggregates("SELECT trades.price FROM trades", final=False)
    False
    """
    return final or _AGGREGATES.search(query) is not None


def caveats(query: str, inputs: Sequence[str], *, final: bool) -> Iterator[str]:
    """Why a query over streams may give something else for the same records, although these come in one order.

    >>> list(caveats("SELECT origin FROM departures LIMIT 10", ["departures"], final=False))
    []
    """
    if not aggregates(query, final=final):
        return
    if len(inputs) > 1 or _SEVERAL.search(query) or len(_SELECT.findall(query)) > 1:
        yield (
            "it joins, unites or nests what it aggregates: what depends on the order of rows there, as LAST_VALUE or a "
            "sum of floats, is not reproducible; it is with a connector for each step"
        )
    if has_over(query) and not _ONE_BY_ONE.search(query):
        if _SUMS.search(query):
            yield "the last bits of what OVER adds up may differ from run to run, unless it is whole numbers or DECIMAL"
        if _LAST.search(query):
            yield "FIRST_VALUE and LAST_VALUE of OVER go by the clock of the machine, which must not be set back"
