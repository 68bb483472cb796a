"""Whether an object differs from what git says, and which differences an Application ignores."""

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from fnmatch import fnmatchcase

from aiops.lab.api.kinds import Json, Value
from aiops.lab.api.patches import steps
from aiops.lab.argocd.applying import LAST

Path = tuple[str, ...]
"""Steps into an object; `*` is every item of a list."""
EXPRESSION = re.compile(r'(\.("[^"]+"|\w+)?(\[\])?\??)+')
"""A jq path of names and `[]`; what is more than that matches nothing here."""


def ignored(app: Json, body: Json) -> list[Path]:
    """The fields of an object that an Application ignores (spec.ignoreDifferences)."""
    group, meta = body["apiVersion"].rpartition("/")[0], body["metadata"]
    found: list[Path] = []
    for rule in app["spec"].get("ignoreDifferences") or ():
        named = rule.get("name") in (None, "", meta["name"])
        placed = rule.get("namespace") in (None, "", meta.get("namespace"))
        if named and placed and fnmatchcase(group, rule.get("group", "")) and fnmatchcase(body["kind"], rule["kind"]):
            found += (tuple(steps(text)) for text in rule.get("jsonPointers") or ())
            found += [_expression(text) for text in rule.get("jqPathExpressions") or () if EXPRESSION.fullmatch(text)]
    return found


def _expression(text: str) -> Path:
    return tuple("*" if step == "[]" else step.strip('"') for step in re.findall(r'"[^"]+"|\w+|\[\]', text))


def same(one: Json, other: Json, paths: Sequence[Path]) -> bool:
    """Whether two states of an object are the same for Argo CD."""
    return _compared(one, paths) == _compared(other, paths)


def _compared(body: Json, paths: Sequence[Path]) -> Json:
    meta = body["metadata"]
    notes = {key: value for key, value in (meta.get("annotations") or {}).items() if key != LAST}
    shown = {"annotations": notes, "labels": meta.get("labels") or {}, "finalizers": meta.get("finalizers") or []}
    found = {**{key: value for key, value in body.items() if key != "status"}, "metadata": shown}
    return _without(found, paths)


def respecting(target: Json, live: Json, paths: Sequence[Path]) -> Json:
    """What is applied where ignored differences are respected: the live object's fields in those places."""
    found = _without(target, paths)
    for path in paths:
        for way, value in _values(live, path):
            _put(found, way, value)
    return found


def _without(body: Json, paths: Sequence[Path]) -> Json:
    found = deepcopy(body) if paths else body
    for path in paths:
        for way, _ in reversed(list(_values(found, path))):
            holder: Value = found
            for step in way[:-1]:
                holder = holder[step]
            del holder[way[-1]]
    return found


def _values(value: Value, path: Path, way: tuple[Value, ...] = ()) -> Iterator[tuple[tuple[Value, ...], Value]]:
    """What a path leads to, each with the keys and indexes by which it does."""
    if not path:
        yield way, value
    elif isinstance(value, dict) and path[0] in value:
        yield from _values(value[path[0]], path[1:], (*way, path[0]))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if path[0] in ("*", str(index)):
                yield from _values(item, path[1:], (*way, index))


def _put(body: Value, way: tuple[Value, ...], new: Value) -> None:
    """Where there is a place for it: dicts are made, a list's items are not."""
    for step in way[:-1]:
        if isinstance(body, list) and step < len(body):
            body = body[step]
        elif isinstance(body, dict):
            body = body.setdefault(step, {})
        else:
            return
    if isinstance(body, dict):
        body[way[-1]] = deepcopy(new)
