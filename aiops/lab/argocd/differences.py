"""Whether an object differs from what git says, and which differences an Application ignores."""

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from fnmatch import fnmatchcase
from typing import Any

from aiops.lab.api.kinds import Json
from aiops.lab.argocd.applying import LAST

Path = tuple[str, ...]
"""Steps into an object; `*` is every item of a list."""


def ignored(app: Json, body: Json) -> list[Path]:
    """The fields of an object that an Application ignores (spec.ignoreDifferences)."""
    group = body["apiVersion"].rpartition("/")[0]
    meta = body["metadata"]
    found: list[Path] = []
    for rule in app["spec"].get("ignoreDifferences") or ():
        if (
            fnmatchcase(group, rule.get("group", ""))
            and fnmatchcase(body["kind"], rule["kind"])
            and rule.get("name") in (None, "", meta["name"])
            and rule.get("namespace") in (None, "", meta.get("namespace"))
        ):
            found += map(_pointer, rule.get("jsonPointers") or ())
            found += map(_expression, rule.get("jqPathExpressions") or ())
    return found


def _pointer(text: str) -> Path:
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:])


def _expression(text: str) -> Path:
    """A jq path of names and `[]`; others are more than the lab knows, and match nothing."""
    if not re.fullmatch(r'(\.("[^"]+"|\w+)?(\[\])?\??)+', text):
        return ("",)
    return tuple("*" if step == "[]" else step.strip('"') for step in re.findall(r'"[^"]+"|\w+|\[\]', text))


def same(one: Json, other: Json, paths: Iterable[Path]) -> bool:
    """Whether two states of an object are the same for Argo CD."""
    return _compared(one, paths) == _compared(other, paths)


def _compared(body: Json, paths: Iterable[Path]) -> Json:
    meta = body["metadata"]
    notes = {key: value for key, value in (meta.get("annotations") or {}).items() if key != LAST}
    shown = {"annotations": notes, "labels": meta.get("labels") or {}, "finalizers": meta.get("finalizers") or []}
    found = {**{key: value for key, value in body.items() if key != "status"}, "metadata": shown}
    if paths:
        found = deepcopy(found)
        for path in paths:
            for holder, key in list(_places(found, path)):
                del holder[key]
    return found


def respecting(target: Json, live: Json, paths: Iterable[Path]) -> Json:
    """What is applied where ignored differences are respected: the live object's fields in those places."""
    if not paths:
        return target
    found = deepcopy(target)
    for path in paths:
        for holder, key in list(_places(found, path)):
            del holder[key]
        for holder, key in _places(live, path):
            _set(found, path, holder[key])
    return found


def _places(value: Any, path: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    """Where a path leads: the dict or list, and the key or index in it."""
    step, *rest = path
    keys: list[Any] = [step]
    if isinstance(value, list):
        keys = list(reversed(range(len(value)))) if step == "*" else [int(step)] if step.isdigit() else []
    for key in keys:
        if isinstance(value, dict) and key not in value or isinstance(value, list) and key >= len(value):
            continue
        if not isinstance(value, dict | list):
            continue
        if rest:
            yield from _places(value[key], rest)
        else:
            yield value, key


def _set(body: Any, path: Sequence[str], new: Any) -> None:
    """Into dicts only: a list's items are not made."""
    *way, last = path
    for step in way:
        if not isinstance(body, dict):
            return
        body = body.setdefault(step, {})
    if isinstance(body, dict):
        body[last] = deepcopy(new)
