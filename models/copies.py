"""The live models of one stage: a single one, or one for each key."""

from __future__ import annotations

from typing import Any

from models.course import Course
from models.pickled import dump, load
from models.stage import Stage
from schemas.errors import BadRecord


class Copies:
    """The models of `stage` by key; the key is None where the stage has none.

    A key seen for the first time gets a copy of the same unlearned model, random state included.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        fresh = stage.fresh()
        self._unlearned = dump(fresh)
        self.models: dict[Any, Any] = {} if stage.key else {None: fresh}
        self._courses: dict[Any, Course] = {}

    def key_of(self, record: dict[str, Any]) -> Any:
        """The key of `record`. Raises BadRecord (null_key, wrong_type)."""
        if self.stage.key is None:
            return None
        key = record.get(self.stage.key)
        if key is None:
            raise BadRecord("null_key", f'key "{self.stage.key}": null or missing (node "{self.stage.name}")')
        if not isinstance(key, str | int | bytes):
            raise BadRecord(
                "wrong_type",
                f'key "{self.stage.key}": {type(key).__name__}, expected a string, a number or bytes '
                f'(node "{self.stage.name}")',
            )
        return key

    def course(self, key: Any) -> Course:
        """The model for `key`, ready for the hot loop."""
        course = self._courses.get(key)
        if course is None:
            if key not in self.models:
                self.models[key] = load(self._unlearned)
            course = self._courses[key] = Course(self.models[key], self.stage.name)
        return course

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_courses": {}}
