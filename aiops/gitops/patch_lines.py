"""Which lines of a kustomization's patches set a field."""

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from aiops.gitops.document import Document
from aiops.gitops.files import Files
from aiops.gitops.kustomization import NAMES, SCALABLE
from aiops.gitops.nodes import child, is_called, objects, roots, text_at, walk
from aiops.gitops.parsing import Body, value

Path = Sequence[str | int]
Found = Iterator[tuple[int, int]]
"""(how much of a path is there, the line on which that begins, counted from 1)."""
Lines = Callable[[int], int]
"""From a line of a text to that of its file."""
_PATCHES = ("patches", "patchesJson6902", "patchesStrategicMerge")


def patch_lines(files: Files, patch: Document, body: Body, path: Path) -> Found:
    """Wherever the patch, and others of its file that are for the same objects, set the field of a body that they have
    changed, or what of that is nearest: the last one last."""
    whole = roots(files.read(patch.file) or "")
    if posixpath.basename(patch.file) not in NAMES:
        for node in _of_file(whole, patch):
            yield from _lines(node, body, path)
        return
    for root in whole:
        for node, lines in _inline(root, patch):
            yield from ((depth, lines(line)) for depth, line in _lines(node, body, path))
        if patch.kind == SCALABLE and [*path] == ["spec", "replicas"]:
            named = (entry for entry in _items(root, "replicas") if text_at(entry, "name") == patch.name)
            yield from ((2, walk(entry, ["count"])[1]) for entry in named)


def _of_file(whole: Sequence[yaml.Node], patch: Document) -> Sequence[yaml.Node]:
    """Its documents that are this patch: with a target all of them, whoever they say they are."""
    kind, name = value(patch.body, "kind"), value(patch.body, "metadata", "name")
    return [each for root in whole for each in objects(root, str(kind), str(name))] or whole


def _inline(kustomization: yaml.Node, patch: Document) -> Iterator[tuple[yaml.Node, Lines]]:
    """The patches that stand in a kustomization itself as texts."""
    for entry in (entry for name in _PATCHES for entry in _items(kustomization, name)):
        text, target = child(entry, "patch") or entry, child(entry, "target")
        if isinstance(text, yaml.ScalarNode):
            lines = _lines_of(text)
            yield from ((node, lines) for node in roots(text.value) if _is(patch, target, node))


def _lines_of(text: yaml.ScalarNode) -> Lines:
    """Only of a block each line is known."""
    first = text.start_mark.line + 1
    return (lambda line: first + line) if text.style == "|" else lambda _: first


def _is(patch: Document, target: yaml.Node | None, node: yaml.Node) -> bool:
    if target is None:
        return any(objects(node, patch.kind, patch.name))
    return (text_at(target, "kind"), text_at(target, "name")) == (patch.kind, patch.name)


def _items(node: yaml.Node, name: str) -> Sequence[yaml.Node]:
    listed = child(node, name)
    return listed.value if isinstance(listed, yaml.SequenceNode) else ()


def _lines(node: yaml.Node, body: Body, path: Path) -> Found:
    if not isinstance(node, yaml.SequenceNode):
        yield walk(node, path)
        return
    found: list[tuple[int, int]] = []
    pointer: Sequence[str] = _pointer(body, path)
    for operation in reversed(node.value):
        added = child(operation, "value")
        if added is not None and (depth := _depth(operation, added, path, pointer)):
            deeper, line = walk(added, path[depth:])
            found.append((depth + deeper, line))
        before = _before(operation, body, pointer)
        if before is None:
            break
        pointer = before
    yield from reversed(found)


def _before(operation: yaml.Node, body: Body, pointer: Sequence[str]) -> Sequence[str] | None:
    """Where the field was before an operation moved the items of a list; None where it was not there yet."""
    *parents, name = _parts(operation)
    depth, kind = len(parents), text_at(operation, "op")
    moves = name.isdecimal() and kind in ("add", "remove") and parents == [*pointer[:depth]] and depth < len(pointer)
    if not moves or not isinstance(_at(body, parents), list):
        return pointer
    moved, here = int(name), int(pointer[depth])
    if kind == "add" and moved == here:
        return None
    by = (moved <= here) if kind == "remove" else -(moved < here)
    return (*pointer[:depth], str(here + by), *pointer[depth + 1 :])


def _at(body: Any, parents: Sequence[str]) -> Any:  # noqa: ANN401  whatever a file holds
    for each in parents:
        body = body[int(each)] if isinstance(body, list) else value(body, each)
    return body


def _depth(operation: yaml.Node, added: yaml.Node, path: Path, pointer: Sequence[str]) -> int:
    """How much of the path an operation sets; 0 where it sets something else."""
    parts = _parts(operation)
    depth = len(parts)
    if text_at(operation, "op") not in ("add", "replace") or depth > len(pointer):
        return 0
    appended = parts[-1] == "-" and is_called(added, str(path[depth - 1]))
    same = parts[:-1] == [*pointer[: depth - 1]] and (appended or parts[-1] == pointer[depth - 1])
    return depth if same else 0


def _parts(operation: yaml.Node) -> list[str]:
    """Of its path, a JSON pointer (RFC 6901); one that is empty for the whole document."""
    parts = text_at(operation, "path").split("/")[1:] or [""]
    return [part.replace("~1", "/").replace("~0", "~") for part in parts]


def _pointer(body: object, path: Path) -> tuple[str, ...]:
    """The path as a JSON pointer has it, as far as the body goes."""
    parts: list[str] = []
    for each in path:
        if isinstance(body, list):
            called = (index for index, item in enumerate(body) if index == each or _is_called(item, each))
            index = next(called, None)
            if index is None:
                break
            body = body[index]
            parts.append(str(index))
        elif isinstance(body, Mapping) and each in body:
            body = body[each]
            parts.append(str(each))
        else:
            break
    return tuple(parts)


def _is_called(item: object, name: str | int) -> bool:
    own = value(item, "name")
    return own == name or (isinstance(item, str) and isinstance(name, str) and item.startswith(name))
