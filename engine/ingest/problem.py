"""Why a request is not taken: by its own fault, or because Kafka is slow."""

from __future__ import annotations

from schemas.errors import HeadraceError, Retryable


class Refused(HeadraceError):
    """A request that cannot be taken as it stands; nothing of it is written.

    `reason` is one of `unauthorized`, `unknown_topic`, `bad_request`, `media_type`, `too_large`, `wrong_key`.
    """

    def __init__(self, reason: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class Busy(Retryable):
    """Kafka takes records slower than they arrive: nothing of the request is written, and it may be sent again."""
