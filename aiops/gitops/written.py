"""Every field that a file holds, with its line: also of the YAML and JSON that stands in a text of it.

A dashboard in a ConfigMap, a program's config, Helm values: who looks for a field by its shape need not know where it
is kept.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from aiops.gitops.declared import Declared
from aiops.gitops.files import Files
from aiops.gitops.nodes import Place, roots

_ENDINGS = (".yaml", ".yml", ".json")
Lines = Callable[[int], int]
"""From a line of a text, counted from 0, to that of its file, counted from 1."""


@dataclass(frozen=True)
class Field:
    """A key of a mapping, or an item of a list, with its value."""

    document: int
    """Of its file, counted from 0."""
    path: tuple[str | int, ...]
    """From the root of its document, through texts too."""
    node: yaml.Node
    """Its value."""
    place: Place
    last: int
    """The line on which it ends."""

    @property
    def text(self) -> str:
        """Its value, where that is no mapping and no list; else empty."""
        return str(self.node.value) if isinstance(self.node, yaml.ScalarNode) else ""

    def value(self) -> Any:  # noqa: ANN401  whatever a file holds
        """Its value as data; None where it is of no type that YAML knows."""
        try:
            return yaml.SafeLoader("").construct_document(self.node)
        except yaml.YAMLError:
            return None

    def place_of(self, files: Files, words: str) -> Place:
        """The first of its lines that holds these words."""
        lines = (files.read(self.place.file) or "").splitlines()
        own = enumerate(lines[self.place.line - 1 : self.last], self.place.line)
        return Place(self.place.file, next((line for line, text in own if words in text), self.place.line))


def fields(files: Files, file: str, holding: str) -> Iterator[Field]:
    """Those of a file of YAML or JSON that holds these words; nothing where it does not, or does not parse."""
    text = files.read(file) if file.endswith(_ENDINGS) else None
    if text is None or holding not in text:
        return
    for document, root in enumerate(roots(text)):
        yield from _walk(root, (), document, file, lambda line: line + 1, holding)


def all_fields(files: Files, holding: str) -> Iterator[Field]:
    """Those of all files."""
    return (field for file in files.under("") for field in fields(files, file, holding))


def whose(declared: Declared, file: str) -> str:
    """The application that a file is a part of: that deploys it, is rendered with it, or has it in its folder."""
    folders = {
        source.path.strip("/"): app.name
        for app in declared.applications
        for source in app.sources
        if source.path and file.startswith(f"{source.path.strip('/')}/")
    }
    found = (
        *(app.name for app in declared.applications if app.file == file),
        *(each.application for each in declared.manifests if each.file == file),
        *(each.application for each in declared.values if each.file == file),
        *(folders[folder] for folder in sorted(folders, key=len, reverse=True)),
    )
    return next((name for name in found if name), "")


def _walk(
    node: yaml.Node, path: tuple[str | int, ...], document: int, file: str, lines: Lines, holding: str
) -> Iterator[Field]:
    pairs: list[tuple[str | int, yaml.Node, yaml.Node]] = []
    if isinstance(node, yaml.MappingNode):
        pairs = [(str(key.value), key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        pairs = [(index, item, item) for index, item in enumerate(node.value)]
    elif isinstance(node, yaml.ScalarNode) and holding in node.value and ":" in node.value:
        inner = _inner(node, lines)
        for root in roots(node.value):
            if not isinstance(root, yaml.ScalarNode):
                yield from _walk(root, path, document, file, inner, holding)
    for step, start, value in pairs:
        place = Place(file, lines(start.start_mark.line))
        yield Field(document, (*path, step), value, place, lines(max(value.end_mark.line, start.start_mark.line)))
        yield from _walk(value, (*path, step), document, file, lines, holding)


def _inner(node: yaml.ScalarNode, lines: Lines) -> Lines:
    """The lines of a text: a block has its own, one in quotes stands on the line where it begins."""
    first = node.start_mark.line
    return (lambda line: lines(first + 1 + line)) if node.style == "|" else lambda _: lines(first)
