"""Documents with their kustomization's patches applied."""

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from aiops.errors import TreeError
from aiops.gitops.document import Document
from aiops.gitops.parsing import Body, items


def patched(documents: Iterable[Document]) -> tuple[Document, ...]:
    """The documents, each patch applied to those before it that it is for; no patch is left.

    TreeError where a JSON patch names a place that is not there.
    """
    done: list[Document] = []
    for one in documents:
        if not one.patch:
            done.append(one)
        elif one.body.get("$patch") == "delete":
            done = [other for other in done if not is_for(one, other)]
        else:
            done = [_apply(one, other) if is_for(one, other) else other for other in done]
    return tuple(done)


def is_for(patch: Document, other: Document) -> bool:
    """A document is one of those that a patch changes."""
    pairs = ((patch.kind, other.kind), (patch.name, other.name))
    return all(not pattern or re.fullmatch(pattern, text) for pattern, text in pairs)


def _apply(patch: Document, other: Document) -> Document:
    if "operations" not in patch.body:
        builtin = "." not in other.group or other.group.endswith(".k8s.io")
        return replace(other, body=_merge(other.body, patch.body, by_name=builtin))
    body = copy.deepcopy(dict(other.body))
    for operation in items(patch.body, "operations"):
        try:
            _operate(body, operation)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            where = f"`{operation.get('path')}` of {other.kind} {other.name}"
            raise TreeError(f"{patch.file}: the patch changes {where}, which is not there") from error
    return replace(other, body=body)


def _merge(old: Any, new: Any, *, by_name: bool) -> Any:  # noqa: ANN401
    """Strategic merge: mappings by key, null removes; `by_name`, lists of named things by their names."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        changed = {key: _merge(old.get(key), value, by_name=by_name) for key, value in new.items()}
        return {key: value for key, value in {**old, **changed}.items() if value is not None}
    if by_name and _named(old) and _named(new):
        merged = {item["name"]: item for item in old}
        for item in new:
            merged[item["name"]] = _merge(merged.get(item["name"]), item, by_name=True)
        return list(merged.values())
    return new


def _named(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) and "name" in item for item in value)


def _operate(body: dict[str, Any], operation: Body) -> None:
    """One operation of RFC 6902; `move`, `copy` and `test` change nothing here."""
    *parents, last = (part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:])
    place: Any = body
    for parent in parents:
        place = place[int(parent)] if isinstance(place, list) else place[parent]
    index: Any = (len(place) if last == "-" else int(last)) if isinstance(place, list) else last
    if operation["op"] == "remove":
        del place[index]
    elif operation["op"] == "add" and isinstance(place, list):
        place.insert(index, copy.deepcopy(operation["value"]))
    elif operation["op"] in ("add", "replace"):
        place[index] = copy.deepcopy(operation["value"])  # or a later operation would change the patch
