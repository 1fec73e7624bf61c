"""River's Renamer, which leaves its input as it was."""

from __future__ import annotations

from typing import Any

from river import compose


class PureRenamer(compose.Renamer):  # type: ignore[misc]
    """`compose.Renamer` on a copy of the record: river's own takes the names away from whoever else holds it.

    A workflow puts it in the place of each `compose.Renamer` by itself.

    >>> flight = {"dep": 3.0}
    >>> PureRenamer({"dep": "delay"}).transform_one(flight), flight
    ({'delay': 3.0}, {'dep': 3.0})
    """

    def transform_one(self, x: dict[Any, Any]) -> Any:
        return super().transform_one(dict(x))
