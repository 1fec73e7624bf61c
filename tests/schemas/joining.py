"""Records that are decoded together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from schemas.codec import Decoder


def joined(decoder: Decoder, values: Sequence[bytes | None]) -> Any:
    """What the decoder makes of values that lie one after the other, as in a frame."""
    sizes = np.array([-1 if value is None else len(value) for value in values], np.int32)
    return decoder.decode_joined(b"".join(value or b"" for value in values), sizes)
