"""Columns of instants, as Avro writes them, in Python's own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import numpy as np
import numpy.typing as npt

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = {"ms": (1 << 63) // 1000 - 1, "us": (1 << 63) - 1}


def instants(numbers: npt.NDArray[np.int64], unit: Literal["ms", "us"]) -> list[datetime]:
    """Aware datetimes of so many milliseconds or microseconds since the epoch. Raises OverflowError beyond the years.

    >>> instants(np.array([-1]), "ms")
    [datetime.datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=datetime.timezone.utc)]
    """
    if len(numbers) and not -_LARGEST[unit] <= numbers.min() <= numbers.max() <= _LARGEST[unit]:
        raise OverflowError("an instant beyond all years")
    micros = numbers * 1000 if unit == "ms" else numbers
    return [_EPOCH + since for since in micros.view("m8[us]").tolist()]
