"""Several streams as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.connectors.table import Named, Table, quoted
from schemas.errors import Fatal


class Union:
    """The records of streams that have the same fields, in any order, and the same event time.

    Delivery: exactly once, by Flink's checkpoints. The quietest of the streams decides how far event time has come.

    >>> Union(Table("ewr", ("at", "delay"), "at"), Table("jfk", ("delay", "at"), "at"))
    Union('ewr', 'jfk')
    """

    def __init__(self, *streams: Named) -> None:
        self._streams = tuple(stream.name for stream in streams)
        if len(set(self._streams)) < 2 or len(set(self._streams)) < len(self._streams):
            raise Fatal(f"{self!r}: expected two streams or more, each of them once")

    def __repr__(self) -> str:
        return f"Union({', '.join(map(repr, self._streams))})"

    def reads(self, streams: Iterable[str]) -> tuple[str, ...]:
        """The streams that were given."""
        return self._streams

    def sql(self, inputs: Sequence[Table]) -> str:
        """The query over its inputs. Raises Fatal where their fields differ."""
        first = inputs[0]
        for table in inputs[1:]:
            if set(table.fields) != set(first.fields):
                differing = ", ".join(sorted(set(table.fields) ^ set(first.fields)))
                raise Fatal(f'{self!r}: "{first.name}" and "{table.name}" do not have the same fields: {differing}')
        fields = ", ".join(map(quoted, first.fields))
        return "\nUNION ALL\n".join(f"SELECT {fields} FROM {quoted(table.name)}" for table in inputs)
