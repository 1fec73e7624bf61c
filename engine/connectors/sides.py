"""The two sides of a join: what it goes by, and what the fields of its result are called."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from engine.connectors.table import Named, Table, check_fields, names
from schemas.errors import Fatal


@dataclass(frozen=True)
class Column:
    """A field of a joined record: that of the left or the right side, and its name in the result."""

    from_left: bool
    field: str
    name: str


@dataclass(frozen=True)
class Sides:
    """The names of the streams left and right, and the fields whose values are equal where records belong together."""

    left: str
    right: str
    on: tuple[str, ...]

    @classmethod
    def of(cls, connector: str, left: Named, right: Named, on: str | Sequence[str]) -> Sides:
        """The sides that an author gave. Raises Fatal where nothing can be joined."""
        sides = cls(left.name, right.name, names(on))
        said = f"{connector}({sides.left!r}, {sides.right!r}, on={sides.on!r})"
        if sides.left == sides.right:
            raise Fatal(f"{said}: joins a stream with itself", hint="write it with Sql")
        if not sides.on:
            raise Fatal(f"{said}: names no field to join on")
        return sides

    def __str__(self) -> str:
        return f"{self.left!r}, {self.right!r}, on={self.on!r}"

    def columns(self, left: Table, right: Table, without: Container[str | None] = ()) -> list[Column]:
        """The fields of the left side, then those of the right one but for `on` and `without`.

        A field that both have is called `<right>_<field>` where it is the right one's.
        """
        columns = [Column(True, name, name) for name in left.fields]
        for name in right.fields:
            if name not in self.on and name not in without:
                columns.append(Column(False, name, f"{right.name}_{name}" if name in left.fields else name))
        return columns

    def check(self, connector: object, left: Table, right: Table) -> None:
        """Raise Fatal, naming the connector, where a field of `on` is missing on a side."""
        check_fields(connector, self.on, left, right)
