"""Which features of a pipeline may be null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.guard import guard


def takes_null(pipeline: Any, x: Mapping[Any, Any], name: Any) -> bool:
    """Whether `pipeline` would learn from features like `x` if the one called `name` were null.

    >>> from river import preprocessing, stats
    >>> filled = preprocessing.StatImputer(("delay", stats.Mean())) | preprocessing.StandardScaler()
    >>> takes_null(filled, {"delay": 3.0, "hour": 7}, "delay"), takes_null(filled, {"delay": 3.0, "hour": 7}, "hour")
    (True, False)
    """
    try:
        guard(pipeline, str(name))({**x, name: None})
    except Exception:  # noqa: BLE001 - the boundary around user code
        return False
    return True
