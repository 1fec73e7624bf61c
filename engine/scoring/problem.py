"""What is wrong with a request, said so that its sender can mend it."""

from __future__ import annotations

from schemas.errors import BadRecord


class Unanswerable(BadRecord):
    """A request that cannot be answered as it stands; `field` names the part of it that is at fault.

    `reason` is one of `unknown_model`, `unknown_key`, `missing_feature`, `wrong_type`, `bad_request`, `too_large`,
    `predict_failed`, `filtered` where a filter of the model turns it away, or what the model's own steps refuse it for,
    such as `rule_broken`.
    """

    def __init__(self, reason: str, field: str, message: str, *, hint: str = "") -> None:
        super().__init__(reason, message, hint=hint)
        self.field = field

    def within(self, place: str) -> Unanswerable:
        """The same, where the request holds several instances.

        >>> Unanswerable("wrong_type", "features.x", "is a string").within("instances[3]").field
        'instances[3].features.x'
        """
        return Unanswerable(self.reason, f"{place}.{self.field}", self.message, hint=self.hint)
