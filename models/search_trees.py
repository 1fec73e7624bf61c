"""River's binary search trees as lists: pickle recurses from node to node, and a rising feature makes a chain."""

from __future__ import annotations

from typing import Any

from river.tree.splitter.ebst_splitter import EBSTNode
from river.tree.splitter.exhaustive_splitter import ExhaustiveNode

_FIELDS = {
    EBSTNode: ("att_val", "estimator", "_update_estimator"),
    ExhaustiveNode: ("cut_point", "class_count_left", "class_count_right"),
}


def planted(kind: Any, places: list[int], columns: list[list[Any]]) -> Any:
    """The root of the tree of which these are the nodes, as `_reduce` lists them."""
    fields = _FIELDS[kind]
    nodes = [kind.__new__(kind) for _ in range(len(places) + 1)]
    for node in nodes:
        node._left = node._right = None
    for name, column in zip(fields, columns, strict=True):
        for node, value in zip(nodes, column, strict=True):
            setattr(node, name, value)
    for node, place in zip(nodes[1:], places, strict=True):
        setattr(nodes[place >> 1], "_right" if place & 1 else "_left", node)
    return nodes[0]


def _reduce(root: Any) -> tuple[Any, tuple[Any, list[int], list[list[Any]]]]:
    """Lists of nodes, parents first; a place is twice the parent's number, and 1 more on the right."""
    kind = type(root)
    nodes, places = [root], []
    for number, node in enumerate(nodes):
        for side, child in enumerate((node._left, node._right)):
            if child is not None:
                nodes.append(child)
                places.append(2 * number + side)
    return planted, (kind, places, [[getattr(node, name) for node in nodes] for name in _FIELDS[kind]])


REDUCERS: dict[Any, Any] = dict.fromkeys(_FIELDS, _reduce)
"""How a pickler writes the root of such a tree, for its `dispatch_table`."""
