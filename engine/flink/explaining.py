"""What Flink has against a query, in the words of its author."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from schemas.errors import Fatal

_PLACE = re.compile(r"line (\d+), column (\d+)")
_UPDATING = "doesn't support consuming update"


@contextmanager
def explaining(node: str, query: str = "") -> Iterator[None]:
    """Inside, what Flink has against a node or its query is raised as Fatal."""
    from py4j.protocol import Py4JJavaError
    from pyflink.util.exceptions import JavaException

    try:
        yield
    except Py4JJavaError as error:
        raise _explained(node, query, _causes(error.java_exception)) from error
    except JavaException as error:
        raise _explained(node, query, _causes_of_trace(error.stack_trace)) from error


def _causes(error: Any) -> list[str]:
    """What an exception of the JVM says, and each of its causes after it."""
    said = []
    while error is not None:
        said.append(str(error.getMessage()))
        error = error.getCause()
    return said


def _causes_of_trace(trace: str) -> list[str]:
    """The same, where PyFlink has left only the text."""
    heads = [line for line in trace.splitlines() if not line.startswith("\t")]
    return [head.removeprefix("Caused by: ").partition(": ")[2] for head in heads]


def _explained(node: str, query: str, said: list[str]) -> Fatal:
    """What Flink says of a query, with the place in the text of its author."""
    if any(_UPDATING in text for text in said):
        return Fatal(
            f"{node}: its result changes after it was given",
            hint="put what is counted or joined into a window of event time, or take each row once, as it is when the "
            'input has ended: Sql(..., emit="final")',
        )
    places = [place for text in said if (place := _PLACE.search(text))]
    if not places:
        return Fatal(f"{node}: {said[-1]}")
    line, column = int(places[0][1]), int(places[0][2])
    reason = said[-1].split("Was expecting", 1)[0].strip()
    text = query.splitlines()[line - 1]
    where = f"line {line}, column {column}"
    return Fatal(f"{node}: {where}: {reason}\n  {text}\n  {' ' * (column - 1)}^")
