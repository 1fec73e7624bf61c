"""River's extended binary search trees, of all leaves and features in one array."""

from __future__ import annotations

from models.compiled.trees.regression.state import FREE, FREE_COUNT, FRESH, Leaves, Search
from models.compiled.trees.regression.variance import update
from schemas.kernel import kernel, shared


@shared
def has_room(search: Search, more: int) -> bool:
    """Whether there is room for so many nodes more."""
    return bool(len(search.values) - search.used[FRESH] + search.used[FREE_COUNT] >= more)


@shared
def take(search: Search) -> int:
    """A place for a node; there has to be room."""
    node = search.used[FREE]
    if node != 0:
        search.used[FREE] = search.parents[node]
        search.used[FREE_COUNT] -= 1
    else:
        node = search.used[FRESH]
        search.used[FRESH] += 1
    search.lefts[node] = search.rights[node] = search.parents[node] = 0
    search.labels[node] = 0.0
    return int(node)


@shared
def put_back(search: Search, node: int) -> None:
    """Give up a node, for `take` to give it away again."""
    search.parents[node] = search.used[FREE]
    search.used[FREE] = node
    search.used[FREE_COUNT] += 1


@shared
def insert(search: Search, root: int, x: float, y: float) -> int:
    """Note the label of a value; the root, which is new where there was none. There has to be room for a node."""
    node, last, is_right = root, 0, False
    while node != 0:
        last = node
        if x == search.values[node]:
            update(search.labels[node], y)
            return root
        is_right = not x < search.values[node]
        if is_right:
            node = int(search.rights[node])
        else:
            update(search.labels[node], y)
            node = int(search.lefts[node])
    new = take(search)
    search.values[new], search.parents[new] = x, last
    update(search.labels[new], y)
    if last == 0:
        return new
    if is_right:
        search.rights[last] = new
    else:
        search.lefts[last] = new
    return root


@shared
def unlink(search: Search, node: int, parent: int) -> None:
    """Take a node from its parent."""
    if search.lefts[parent] == node:
        search.lefts[parent] = 0
    else:
        search.rights[parent] = 0


@shared
def clear(search: Search, root: int) -> None:
    """Give back all nodes of a tree."""
    node = root
    while node != 0:
        if search.lefts[node] != 0:
            node = int(search.lefts[node])
        elif search.rights[node] != 0:
            node = int(search.rights[node])
        else:
            parent = int(search.parents[node])
            if parent != 0:
                unlink(search, node, parent)
            put_back(search, node)
            node = parent


@kernel
def forget_feature(search: Search, leaves: Leaves, leaf: int, feature: int) -> None:
    """Give back the search tree of a leaf and a feature."""
    clear(search, leaves.searches[leaf, feature])
    leaves.searches[leaf, feature] = 0


@kernel
def forget_all(search: Search, leaves: Leaves, leaf: int) -> None:
    """Give back all search trees of a leaf."""
    for feature in range(leaves.searches.shape[1]):
        clear(search, leaves.searches[leaf, feature])
        leaves.searches[leaf, feature] = 0


@kernel
def new_node(search: Search) -> int:
    """`take`, for Python to call."""
    return take(search)
