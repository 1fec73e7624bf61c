"""The three ways in which work can fail, each named for what the runner does about it."""

from __future__ import annotations


class HeadraceError(Exception):
    """An error with a primary message and, where there is one, a hint on what to do.

    >>> print(Fatal('topic "payments": no such topic', hint="create it, or check the name"))
    topic "payments": no such topic
    hint: create it, or check the name
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class Retryable(HeadraceError):
    """A service is away: wait and call again."""


class Fatal(HeadraceError):
    """Going on would be wrong: stop the job."""


class BadRecord(HeadraceError):
    """This record cannot be processed: dead letter, and go on.

    `reason` is one of a small fixed set of words, usable as a metric label.
    """

    def __init__(self, reason: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason

    def __reduce__(self) -> tuple[type[BadRecord], tuple[str, str]]:
        return BadRecord, (self.reason, self.message)
