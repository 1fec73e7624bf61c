"""Records of numbers and text, of any fields, as trees are given them."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from river import compose, preprocessing

from models.compiled.rows import Cells, Vocabulary

Record = dict[str, Any]
Records = list[tuple[Record, Any]]

TEXTS = frozenset({"s", "t"})


def cells_of(known: Vocabulary, records: list[Record]) -> Cells:
    """Records of numbers and text, of any fields."""
    bounds, ids, values = [0], [], []
    for record in records:
        for name, value in record.items():
            ids.append(known.features.number(name))
            values.append(float(known.words.number((name, value)) if name in TEXTS else value))
        bounds.append(len(ids))
    return Cells(
        np.array(bounds), np.array(ids, np.int32), np.array(values, np.float64), np.zeros(len(values), np.bool_)
    )


FRONTS = st.sampled_from(
    [
        lambda: compose.Discard("k"),
        lambda: compose.Discard("k", "c"),
        lambda: compose.Select("a", "s", "w"),
        lambda: compose.Select("a", "b") | preprocessing.StandardScaler(),
        lambda: (compose.Select("a", "w") | preprocessing.MinMaxScaler()) + compose.Select("s", "d"),
        lambda: compose.Discard("k", "c") | preprocessing.StatImputer(("s", "none")),
    ]
)
"""What is in front of a tree that learns from such records as `streams` draws."""
