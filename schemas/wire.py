"""The schemas of what Headrace itself writes to Kafka: predictions and dead letters."""

from __future__ import annotations

from typing import Any, Literal

from schemas.avro import load_schema
from schemas.errors import Fatal

LabelType = Literal["boolean", "string", "int", "long", "double"]

_INSTANT = {"type": "long", "logicalType": "timestamp-millis"}
_CLASSES = ("string", "int", "long")


def prediction_schema(label_type: str, *, by_topic: bool = False) -> dict[str, Any]:
    """The schema of the predictions of a model whose label is of `label_type`.

    A prediction is null where the model has none, as some classifiers before their first record; other models begin
    with a guess. A boolean label has the `probability` of true, a string or whole number the `probabilities` of its
    classes by their text, a double (a regression) neither. `by_topic` is for records of several topics, which only
    together with the partition and the offset tells which record is meant.

    >>> [field["name"] for field in prediction_schema("boolean")["fields"]]
    ['partition', 'offset', 'event_time', 'prediction', 'probability', 'epoch', 'count']
    """
    if label_type not in ("boolean", "double", *_CLASSES):
        raise Fatal(f'label type "{label_type}": expected boolean, string, int, long or double')
    fields: list[dict[str, Any]] = [
        {"name": "partition", "type": "int", "doc": "of the record that the prediction is for"},
        {"name": "offset", "type": "long"},
        {"name": "event_time", "type": _INSTANT},
        {"name": "prediction", "type": ["null", label_type]},
    ]
    if by_topic:
        fields.insert(0, {"name": "topic", "type": "string", "default": ""})
    if label_type == "boolean":
        fields.append({"name": "probability", "type": ["null", "double"], "doc": "of true"})
    if label_type in _CLASSES:
        fields.append({"name": "probabilities", "type": {"type": "map", "values": "double"}})
    fields += [
        {"name": "epoch", "type": "long", "doc": "of the model's version"},
        {"name": "count", "type": "long", "doc": "records that the model had learned before"},
    ]
    return {"type": "record", "name": "Prediction", "namespace": "headrace", "fields": fields}


def dead_letter_schema() -> dict[str, Any]:
    """The schema of dead letters.

    >>> dead_letter_schema()["name"]
    'DeadLetter'
    """
    return load_schema("dead_letter")
