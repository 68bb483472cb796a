"""Where in the files something is written: file and line of a field of an object."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml

from aiops.gitops.document import Document
from aiops.gitops.files import Files
from aiops.gitops.nodes import Place, child, is_called, roots, text_at, walk

Path = Sequence[str | int]
_PATCHES = ("patches", "patchesJson6902", "patchesStrategicMerge")


@dataclass(frozen=True)
class _Writer:
    """A document or a patch, as one looks for it in its file."""

    file: str
    kind: str
    name: str
    namespace: str = ""
    target: tuple[str, str] | None = None
    """(kind, name) of a patch, as it says for whom it is; None: a document."""


def place(files: Files, document: Document, written: Iterable[Document], path: Path) -> Place:
    """Where a field of the document is written, or what of it is nearest.

    `written` are the documents and patches that may have set it; of the patches the last one wins.
    """
    own = _Writer(document.file, document.kind, document.name, document.namespace)
    pointer = _pointer(document.body, path)
    writers = dict.fromkeys([own, *(_patch(one) for one in written if one.patch and _is_for(one, document))])
    found = [each for writer in writers for each in _found(files, writer, path, pointer)]
    deepest = max((depth for depth, _ in found), default=0)
    return next((where for depth, where in reversed(found) if depth == deepest), Place(document.file, 1))


def place_in_file(files: Files, file: str, path: Path) -> Place:
    """Where a field of a file's first document is written, or what of it is nearest."""
    found = roots(files.read(file) or "")
    return Place(file, walk(found[0], path)[1]) if found else Place(file, 1)


def _is_for(patch: Document, document: Document) -> bool:
    pairs = ((patch.kind, document.kind), (patch.name, document.name))
    return all(not pattern or pattern == text or re.fullmatch(pattern, text) for pattern, text in pairs)


def _patch(one: Document) -> _Writer:
    name = (one.body.get("metadata") or {}).get("name")
    return _Writer(one.file, str(one.body.get("kind") or one.kind), str(name or one.name), target=(one.kind, one.name))


def _found(files: Files, writer: _Writer, path: Path, pointer: Sequence[str]) -> Iterator[tuple[int, Place]]:
    """(how much of the path is there, its place) for each part of the writer in its file."""
    for node, above in _parts(files, writer):
        found = _operations(node, path, pointer) if isinstance(node, yaml.SequenceNode) else (walk(node, path),)
        for depth, line in found:
            yield depth, Place(writer.file, above + line)


def _parts(files: Files, writer: _Writer) -> Iterator[tuple[yaml.Node, int]]:
    """(its node, how many lines of the file are above that node's text)."""
    whole = roots(files.read(writer.file) or "")
    objects = [each for root in whole for each in _objects(root, writer)]
    here = (each for each in objects if text_at(each, "metadata", "namespace") in ("", writer.namespace))
    if first := next(here, next(iter(objects), None)):
        yield first, 0
    elif writer.target is not None:
        for root in whole:
            yield from [(root, 0)] if isinstance(root, yaml.SequenceNode) else _inline(root, writer)


def _objects(root: yaml.Node, writer: _Writer) -> Iterator[yaml.Node]:
    """The mappings that are this object: the document, or an item of its List."""
    if isinstance(root, yaml.SequenceNode):
        for each in root.value:
            yield from _objects(each, writer)
    elif isinstance(listed := child(root, "items"), yaml.SequenceNode):
        yield from _objects(listed, writer)
    elif (text_at(root, "kind"), text_at(root, "metadata", "name")) == (writer.kind, writer.name):
        yield root


def _inline(kustomization: yaml.Node, writer: _Writer) -> Iterator[tuple[yaml.Node, int]]:
    """The patches that stand in a kustomization itself, as blocks of text."""
    for name in _PATCHES:
        for entry in getattr(child(kustomization, name), "value", ()):
            text = child(entry, "patch") or entry
            target = child(entry, "target")
            if not isinstance(text, yaml.ScalarNode) or text.style != "|":
                continue
            for root in roots(text.value):
                meant = (text_at(target, "kind"), text_at(target, "name")) == writer.target
                if meant if target is not None else any(_objects(root, writer)):
                    yield root, text.start_mark.line + 1


def _operations(patch: yaml.SequenceNode, path: Path, pointer: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Those of a JSON patch (RFC 6902) that set the field, or what it is a part of."""
    for operation in patch.value:
        value = child(operation, "value")
        if value is not None and (depth := _depth(operation, value, path, pointer)):
            deeper, line = walk(value, path[depth:])
            yield depth + deeper, line


def _depth(operation: yaml.Node, value: yaml.Node, path: Path, pointer: Sequence[str]) -> int:
    """How much of the path an operation sets; 0 where it sets something else."""
    parts = [each.replace("~1", "/").replace("~0", "~") for each in text_at(operation, "path").split("/")[1:]]
    depth = len(parts)
    if text_at(operation, "op") not in ("add", "replace") or not 0 < depth <= len(pointer):
        return 0
    appended = parts[-1] == "-" and is_called(value, str(path[depth - 1]))
    same = parts[:-1] == [*pointer[: depth - 1]] and (appended or parts[-1] == pointer[depth - 1])
    return depth if same else 0


def _pointer(body: object, path: Path) -> tuple[str, ...]:
    """The path as a JSON pointer (RFC 6901) has it, as far as the body goes."""
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
    own = item.get("name") if isinstance(item, Mapping) else None
    return own == name or (isinstance(item, str) and isinstance(name, str) and item.startswith(name))
