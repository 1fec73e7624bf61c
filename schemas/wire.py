"""The schemas of what Headrace itself writes: predictions, features and dead letters."""

from __future__ import annotations

from typing import Any, Literal

from schemas.avro import load_schema
from schemas.errors import Fatal
from schemas.fields import INSTANT

HEADER_BYTES = 5
"""A zero byte and the schema's id, in front of each value in Avro."""
LabelType = Literal["boolean", "string", "int", "long", "double"]

_COORDINATES: list[dict[str, Any]] = [
    {"name": "partition", "type": "int", "doc": "of the record that this is for"},
    {"name": "offset", "type": "long"},
    {"name": "event_time", "type": INSTANT},
]
_TOPIC = {"name": "topic", "type": "string", "default": ""}
LARGEST_DEAD_BYTES = 64 << 20  # a record that came compressed is larger than the topic it came from allows
REFUSED = "refused"  # why a sink's dead letters are some; the record of such a letter was learned, unlike all others
COORDINATES = ("topic", "partition", "offset", "event_time")  # the first fields of every result; most have no topic
_CLASSES = ("string", "int", "long")


def prediction_schema(label_type: str, *, by_topic: bool = False, classifies: bool = True) -> dict[str, Any]:
    """The schema of the predictions of a model whose label, or what it says without one, is of `label_type`.

    A prediction is null where the model has none, as some classifiers before their first record; other models begin
    with a guess. A boolean label has the `probability` of true, a string or whole number the `probabilities` of its
    classes by their text, a double (a regression, a score) neither; nor has a cluster, which `classifies` says is no
    class. `by_topic` is for records of several topics, which only together with the partition and the offset tells
    which record is meant.

    >>> [field["name"] for field in prediction_schema("boolean")["fields"]]
    ['partition', 'offset', 'event_time', 'prediction', 'probability', 'epoch', 'count']
    >>> [field["name"] for field in prediction_schema("long", classifies=False)["fields"]]
    ['partition', 'offset', 'event_time', 'prediction', 'epoch', 'count']
    """
    if label_type not in ("boolean", "double", *_CLASSES):
        raise Fatal(f'label type "{label_type}": expected boolean, string, int, long or double')
    fields = [*_coordinates(by_topic=by_topic), {"name": "prediction", "type": ["null", label_type]}]
    if classifies and label_type == "boolean":
        fields.append({"name": "probability", "type": ["null", "double"], "doc": "of true"})
    if classifies and label_type in _CLASSES:
        fields.append({"name": "probabilities", "type": {"type": "map", "values": "double"}})
    fields += [
        {"name": "epoch", "type": "long", "doc": "of the model's version"},
        {"name": "count", "type": "long", "doc": "records that the model had learned before"},
    ]
    return {"type": "record", "name": "Prediction", "namespace": "headrace", "fields": fields}


def features_schema(features: dict[str, Any], *, by_topic: bool = False) -> dict[str, Any]:
    """The schema of features with the coordinates of the record that they are for; `features` is that of theirs alone.

    `by_topic` is for records of several topics.

    >>> schema = features_schema({"type": "record", "name": "Delay", "fields": [{"name": "mean", "type": "double"}]})
    >>> [field["name"] for field in schema["fields"]]
    ['partition', 'offset', 'event_time', 'mean']
    """
    taken = {field["name"] for field in features["fields"]}.intersection(COORDINATES)
    if taken:
        hint = "rename it: every result has this field, with the coordinates of its record"
        raise Fatal(f'schema "{features["name"]}": field "{min(taken)}"', hint=hint)
    return {**features, "fields": [*_coordinates(by_topic=by_topic), *features["fields"]]}


def _coordinates(*, by_topic: bool) -> list[dict[str, Any]]:
    return [_TOPIC, *_COORDINATES] if by_topic else [*_COORDINATES]


def dead_letter_schema() -> dict[str, Any]:
    """The schema of dead letters.

    >>> dead_letter_schema()["name"]
    'DeadLetter'
    """
    return load_schema("dead_letter")
