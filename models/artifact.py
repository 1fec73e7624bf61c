"""Model artifacts: a model and its card, sealed with a signature that is checked before anything is loaded.

    magic "HRA1" | card size u32 | card, JSON | model, pickle | HMAC-SHA256 over all before it, 32 bytes

Numbers are little-endian.
"""

from __future__ import annotations

import copyreg
import hmac
import io
import json
import pickle
import platform
from collections import ChainMap
from dataclasses import asdict, dataclass, field
from importlib.metadata import version as installed
from typing import Any

from models.allowlist import AllowList
from models.search_trees import REDUCERS
from schemas.errors import Fatal
from schemas.version import Version

_MAGIC = b"HRA1"
_HEADER_BYTES = 8
_MAC_BYTES = 32
_RIVER = installed("river")


@dataclass(frozen=True, slots=True)
class FeatureSetRef:
    """A feature set to read when serving: the entity that keys it, its name, and which of its features to take.

    `workflow` writes it, where that is not the one of the model.
    """

    entity: str
    feature_set: str
    features: tuple[str, ...]
    workflow: str | None = None

    @property
    def name(self) -> str:
        """The feature set, with the workflow that writes it where that is another one.

        >>> FeatureSetRef("origin", "delays", ("mean_1h",), "flights").name
        'flights.delays'
        """
        return self.feature_set if self.workflow is None else f"{self.workflow}.{self.feature_set}"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known about a model without loading it.

    `features` maps each feature, in the order in which the model saw them, to `number`, `string`, `boolean` or `any`;
    a `?` behind the type admits null. `learned_until` is the largest event time learned, in ms since the epoch. `label`
    is None where the model learns without one. `keyed_by` names the field whose value selects one of several models;
    the artifact then holds a dict of models.
    """

    workflow: str
    model: str
    version: Version
    learned_until: int
    features: dict[str, str]
    label: str | None
    feature_sets: tuple[FeatureSetRef, ...] = ()
    shard: int = 0
    shards: int = 1
    keyed_by: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    river: str = _RIVER
    python: str = platform.python_version()
    class_path: str = ""


def seal(card: ModelCard, model: object, key: bytes) -> bytes:
    """The artifact of `model`, signed with `key`. Raises Fatal where the model cannot be pickled.

    >>> card = ModelCard("demo", "mean", Version(1, 2), 0, features={"x": "number"}, label="y")
    >>> artifact = seal(card, {"weights": [1.0, 2.0]}, b"k" * 32)
    >>> opened, model = open_artifact(artifact, b"k" * 32, AllowList())
    >>> opened == card, model
    (True, {'weights': [1.0, 2.0]})
    """
    body = io.BytesIO()
    try:
        _Pickler(body, protocol=5).dump(model)
    except (pickle.PicklingError, AttributeError, TypeError, RecursionError) as error:
        raise Fatal(
            f'model "{card.model}" cannot be pickled: {error}', hint="define its functions in a module"
        ) from error
    described = json.dumps(asdict(card)).encode()
    sealed = b"".join((_MAGIC, len(described).to_bytes(4, "little"), described, body.getvalue()))
    return sealed + hmac.digest(key, sealed, "sha256")


def open_artifact(data: bytes, key: bytes, allowed: AllowList) -> tuple[ModelCard, Any]:
    """The card and the model in `data`.

    Raises Fatal when the signature is not that of `key`, before anything is loaded, and when the model holds a class or
    function that `allowed` does not admit.
    """
    sealed = memoryview(data)[:-_MAC_BYTES]
    if len(data) < _HEADER_BYTES + _MAC_BYTES or not hmac.compare_digest(
        hmac.digest(key, sealed, "sha256"), data[-_MAC_BYTES:]
    ):
        raise Fatal("model artifact: the signature does not fit", hint="learner and scoring need the same signing key")
    if sealed[:4] != _MAGIC:
        raise Fatal(f"model artifact: starts with {bytes(sealed[:4])!r}, expected {_MAGIC!r}")
    model_at = _HEADER_BYTES + int.from_bytes(sealed[4:_HEADER_BYTES], "little")
    card = _card(bytes(sealed[_HEADER_BYTES:model_at]))
    return card, _load(card, sealed[model_at:], allowed)


def _card(described: bytes) -> ModelCard:
    try:
        values = json.loads(described)
        values["version"] = Version(**values["version"])
        values["feature_sets"] = tuple(
            FeatureSetRef(**{**entry, "features": tuple(entry["features"])}) for entry in values["feature_sets"]
        )
        return ModelCard(**values)
    except (ValueError, KeyError, TypeError) as error:
        raise Fatal(
            f"model artifact: its card cannot be read: {error}", hint="was it sealed by another release?"
        ) from error


def _load(card: ModelCard, body: memoryview, allowed: AllowList) -> Any:
    try:
        return _Unpickler(_Slices(body), allowed).load()
    except pickle.UnpicklingError as error:
        hint = "list its module in allowed_modules (HEADRACE_ALLOWED_MODULES) if you trust it"
        raise Fatal(f'model "{card.model}": {error}', hint=hint) from error
    except Exception as error:  # the boundary of the model's own code: what its classes do when they are restored
        hint = (
            f"sealed with river {card.river} on Python {card.python}; here are {_RIVER} and {platform.python_version()}"
        )
        raise Fatal(f'model "{card.model}" cannot be loaded: {error}', hint=hint) from error


class _Pickler(pickle.Pickler):
    dispatch_table = ChainMap[Any, Any](REDUCERS, copyreg.dispatch_table)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: Any, allowed: AllowList) -> None:
        super().__init__(file)
        self._allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        return self._allowed.find(module, name)


class _Slices:
    """The pickle as a Python file: each frame of 64 KiB is a Python call, so that other threads get their turns."""

    def __init__(self, data: memoryview) -> None:
        self._file = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._file.read(size)

    def readline(self) -> bytes:
        return self._file.readline()

    def readinto(self, buffer: memoryview) -> int:
        return self._file.readinto(buffer)
