"""Fields that an author declares, where nobody else can know them before anything runs."""

from __future__ import annotations

from typing import Any

from river import base

from models.fields import Fields
from schemas.errors import BadRecord, Fatal

_TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "int": (int,),
    "long": (int,),
    "double": (float, int),
    "string": (str,),
}


class Declare(base.Transformer):  # type: ignore[misc]
    """Gives exactly the fields that it names, in their order, each of an Avro type; a "?" behind it admits null.

    Put it behind what makes fields out of the data, such as river's OneHotEncoder or BagOfWords, or behind a function
    that does not say what it returns. A field that is not there is `missing`; one of another type makes the record a
    BadRecord (wrong_type).

    >>> from river import preprocessing
    >>> encoded = preprocessing.OneHotEncoder() | Declare(origin_JFK="int", origin_EWR="int")
    >>> encoded.transform_one({"origin": "JFK"})
    {'origin_JFK': 1, 'origin_EWR': 0}
    """

    accepts_null = True

    def __init__(self, missing: Any = 0, **kinds: str) -> None:
        self.missing = missing
        self.kinds = kinds
        for name, kind in kinds.items():
            if kind.removesuffix("?") not in _TYPES:
                there = ", ".join(_TYPES)
                raise Fatal(
                    f'Declare: "{kind}", for field "{name}", is no type', hint=f'there are {there}, with "?" too'
                )

    def transform_one(self, x: dict[Any, Any]) -> dict[str, Any]:
        declared = {}
        for name, kind in self.kinds.items():
            value = declared[name] = x.get(name, self.missing)
            if not _fits(value, kind):
                found = "null" if value is None else type(value).__name__
                raise BadRecord("wrong_type", f'field "{name}": {found}, declared as {kind}')
        return declared

    def output_fields(self, fields: Fields) -> Fields:
        return {name: ["null", kind[:-1]] if kind.endswith("?") else kind for name, kind in self.kinds.items()}


def _fits(value: Any, kind: str) -> bool:
    if value is None:
        return kind.endswith("?")
    plain = kind.removesuffix("?")
    return isinstance(value, _TYPES[plain]) and (plain == "boolean" or not isinstance(value, bool))
