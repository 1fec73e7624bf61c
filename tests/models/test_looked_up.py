"""What was found for a record, appended to it; what a type does not take is refused."""

from __future__ import annotations

from typing import Any

import pytest

from models.fields import Unknown
from models.filtering import Filtered
from models.looked_up import LookedUp
from schemas.errors import BadRecord, Fatal

ORIGIN = "delays.origins by origin"


def looked_up(kind: str, *, keeps: bool = True) -> LookedUp:
    return LookedUp(ORIGIN, {"found": kind}, keeps=keeps)


@pytest.mark.parametrize(
    ("kind", "found", "value"),
    [
        ("double", 4, 4.0),
        ("double", 4.5, 4.5),
        ("long", 4, 4),
        ("string", "a", "a"),
        ("boolean", False, False),
        ("double", None, None),
    ],
)
def test_a_value_gets_its_type(kind: str, found: Any, value: Any) -> None:
    given = looked_up(kind).append({"id": 1}, {"found": found, "other": 7})
    assert given == {"id": 1, "found": value}
    assert type(given["found"]) is type(value)


@pytest.mark.parametrize(
    ("kind", "found"), [("double", "4"), ("double", True), ("long", 4.5), ("long", True), ("string", 4), ("boolean", 1)]
)
def test_a_value_of_another_type_is_a_bad_record(kind: str, found: Any) -> None:
    with pytest.raises(BadRecord, match=f'feature "found" of {ORIGIN}: found {found!r}, expected a {kind}'):
        looked_up(kind).append({}, {"found": found})


def test_of_what_nothing_is_known() -> None:
    record = {"id": 1}
    assert looked_up("double").append(record, None) == looked_up("double").transform_one(record)
    assert looked_up("double").append(record, None) == {"id": 1, "found": None}
    assert record == {"id": 1}
    with pytest.raises(Filtered, match="knows nothing of it"):
        looked_up("double", keeps=False).append(record, None)


def test_its_fields_follow_those_of_the_record() -> None:
    assert looked_up("long").output_fields({"id": "int"}) == {"id": "int", "found": ["null", "long"]}
    assert looked_up("long").output_fields(unknown := Unknown("by chance")) is unknown
    with pytest.raises(Fatal, match='a field "found" already'):
        looked_up("long").output_fields({"found": "int"})


def test_two_that_read_something_else_tell_each_other_apart() -> None:
    assert repr(looked_up("long")) == repr(looked_up("long"))
    others = (
        LookedUp("delays.origins by dest", {"found": "long"}, keeps=True),
        looked_up("double"),
        looked_up("long", keeps=False),
    )
    assert repr(looked_up("long")) not in map(repr, others)
