"""The terminal as a sink."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from schemas.errors import Fatal

Style = Literal["lines", "table"]


@dataclass(frozen=True)
class Console:
    """Results to the terminal of whoever follows the workflow with `headrace run`, wherever its workers are.

    They go to the topic `<workflow>.<sink>`, which keeps them for an hour, and are shown from there: as lines of JSON,
    or as a table of the `newest`. Delivery: exactly once to the topic; shown are those that come while one follows.
    `schema` names the Avro schema of the features to show, one that ships or the path of an .avsc file.
    Without it all are shown, as they are known before anything runs; predictions have a schema of their own.

    >>> Console(style="table", newest=5)
    Console(style='table', newest=5, schema=None)
    """

    style: Style = "lines"
    newest: int = 10
    schema: str | None = None

    def __post_init__(self) -> None:
        if self.style not in get_args(Style):
            raise Fatal(f'console: style "{self.style}" is neither "lines" nor "table"')
        if self.newest < 1:
            raise Fatal(f"console: newest is {self.newest}, expected at least 1")

    @property
    def place(self) -> str:
        """Where the results are, in words."""
        return f"the terminal of `headrace run`, as {'lines of JSON' if self.style == 'lines' else 'a table'}"
