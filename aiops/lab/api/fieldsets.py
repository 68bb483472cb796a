"""Sets of fields as metadata.managedFields writes them (FieldsV1): nested objects, in which a leaf is a member, and
so is what holds a `.` beside its children. An empty set has no members at all: None, or nothing within."""

from collections.abc import Iterable, Iterator

from aiops.lab.api.kinds import Json

Path = tuple[str, ...]
"""As `("f:spec", "f:replicas")`; items of lists are `k:{...}` by their keys and `v:...` by their value."""
SELF = "."


def field_set(paths: Iterable[Path]) -> Json:
    """The set with these members."""
    root: Json = {}
    for path in paths:
        node = root
        for name in path:
            node = node.setdefault(name, {})
        node[SELF] = {}
    return {name: _short(node) for name, node in root.items()}


def members(fields: Json, path: Path = ()) -> Iterator[Path]:
    """All of them."""
    if path and owned(fields):
        yield path
    for name, below in fields.items():
        if name != SELF:
            yield from members(below, (*path, name))


def owned(node: Json) -> bool:
    """Whether a place in a set is a member itself, not only what is below it."""
    return not node or SELF in node


def union(one: Json, other: Json) -> Json:
    """The members of both; of two sets that are not empty."""
    if not one or not other:
        rest = one or other
        return {SELF: {}, **rest} if rest else {}
    return {**one, **{name: union(one[name], below) if name in one else below for name, below in other.items()}}


def difference(one: Json, other: Json) -> Json | None:
    """The members of one that are none of the other; None: there are none."""
    below = {
        name: left
        for name, each in one.items()
        if name != SELF and (left := difference(each, other[name]) if name in other else each) is not None
    }
    if owned(one) and not owned(other):
        return {SELF: {}, **below} if below else {}
    return below or None


def common(one: Json, other: Json, path: Path = ()) -> Iterator[Path]:
    """The members of both."""
    if path and owned(one) and owned(other):
        yield path
    for name in one.keys() & other.keys() - {SELF}:
        yield from common(one[name], other[name], (*path, name))


def _short(node: Json) -> Json:
    below = {name: _short(each) for name, each in node.items() if name != SELF}
    return {SELF: {}, **below} if below and SELF in node else below
