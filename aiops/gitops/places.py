"""Where in the files something is written: file and line of a field of an object."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import yaml

from aiops.gitops.document import Document
from aiops.gitops.files import Files

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Place:
    """A line of a file."""

    file: str
    """From the root of the tree."""
    line: int
    """Counted from 1."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def place(files: Files, document: Document, written: Iterable[Document], path: Sequence[str | int]) -> Place:
    """Where a field of the document is written, or what of it is nearest.

    `written` are the documents and patches that may have set it, the last one winning.
    """
    candidates = [(document.file, document.kind, document.name), *_files(document, written)]
    found = [_found(files, *each, path) for each in dict.fromkeys(candidates)]
    deepest = max(depth for depth, _ in found)
    return [where for depth, where in found if depth == deepest][-1]


def place_in_file(files: Files, file: str, path: Sequence[str | int]) -> Place:
    """Where a field of a file's first document is written, or what of it is nearest."""
    found = roots(files.read(file) or "")
    return _walk(found[0], path, file)[1] if found else Place(file, 1)


def first_line(files: Files, file: str, text: str) -> Place:
    """The first line of a file that holds this text; its first line where none does."""
    lines = (files.read(file) or "").splitlines()
    return Place(file, next((number for number, line in enumerate(lines, 1) if text in line), 1))


def _files(document: Document, written: Iterable[Document]) -> list[tuple[str, str, str]]:
    """(file, kind, name) of whatever may write a part of the document."""
    return [
        (one.file, str(one.body.get("kind") or one.kind), str((one.body.get("metadata") or {}).get("name") or one.name))
        for one in written
        if _matches(one.kind, document.kind) and _matches(one.name, document.name)
    ]


def _matches(pattern: str, text: str) -> bool:
    return not pattern or pattern == text or bool(re.fullmatch(pattern, text))


def _found(files: Files, file: str, kind: str, name: str, path: Sequence[str | int]) -> tuple[int, Place]:
    """(how much of the path is there, its place) in one file; -1 where the object is not in it."""
    for root in roots(files.read(file) or ""):
        node = _object(root, kind, name)
        if node is not None:
            return _walk(node, path, file)
    return -1, Place(file, 1)


def roots(text: str) -> list[yaml.Node]:
    """The nodes of a text's documents, with their marks; none where it is no YAML."""
    try:
        return [node for node in yaml.compose_all(text, Loader=_Loader) if node is not None]
    except yaml.YAMLError:
        return []


def _object(root: yaml.Node, kind: str, name: str) -> yaml.Node | None:
    """The mapping that is this object: the document, an item of its List, or a patch without an identity."""
    if isinstance(root, yaml.SequenceNode):
        return next((node for each in root.value if (node := _object(each, kind, name)) is not None), None)
    listed = _child(root, "items")
    if isinstance(listed, yaml.SequenceNode):
        return _object(listed, kind, name)
    here, meta = _child(root, "kind"), _child(root, "metadata")
    named = _child(meta, "name") if meta is not None else None
    texts = [node.value for node in (here, named) if node is not None]
    return root if texts == [kind, name] else None


def _walk(node: yaml.Node, path: Sequence[str | int], file: str) -> tuple[int, Place]:
    line, depth = node.start_mark.line + 1, 0
    for step in path:
        key, value = _step(node, step)
        if value is None:
            break
        node, depth = value, depth + 1
        line = (key or value).start_mark.line + 1
    return depth, Place(file, line)


def _step(node: yaml.Node, step: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
    """(the key of a mapping, its value)."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(step)), (None, None))
    if not isinstance(node, yaml.SequenceNode):
        return None, None
    if isinstance(step, int):
        return None, node.value[step] if step < len(node.value) else None
    return None, next((item for item in node.value if _is(item, step)), None)


def _is(item: yaml.Node, step: str) -> bool:
    if isinstance(item, yaml.ScalarNode):
        return str(item.value).startswith(step)
    named = _child(item, "name")
    return named is not None and named.value == step


def _child(node: yaml.Node, name: str) -> yaml.Node | None:
    return _step(node, name)[1] if isinstance(node, yaml.MappingNode) else None
