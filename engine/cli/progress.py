"""The progress of starting and stopping, on a terminal or in a log."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console


class Shown:
    """Prints what happens; on a terminal also a spinner meanwhile."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = console.status("")

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.stop()

    def says(self, text: str) -> None:
        """Print a sentence."""
        self._console.print(text)

    def ready(self, service: str, after_s: float) -> None:
        """Print that a service answers."""
        self._console.print(f"  {service:<10}ready after {after_s:.1f} s")
