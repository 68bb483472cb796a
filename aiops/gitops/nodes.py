"""The nodes of YAML texts, which know their lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import yaml

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


@lru_cache(maxsize=256)
def roots(text: str) -> tuple[yaml.Node, ...]:
    """The nodes of a text's documents, with their marks; none where it is no YAML."""
    try:
        return tuple(node for node in yaml.compose_all(text, Loader=_Loader) if node is not None)
    except yaml.YAMLError:
        return ()


def objects(root: yaml.Node, kind: str, name: str) -> Iterator[yaml.Node]:
    """The mappings that are this Kubernetes object: the document, or an item of its List."""
    if isinstance(root, yaml.SequenceNode):
        for each in root.value:
            yield from objects(each, kind, name)
    elif isinstance(listed := child(root, "items"), yaml.SequenceNode):
        yield from objects(listed, kind, name)
    elif (text_at(root, "kind"), text_at(root, "metadata", "name")) == (kind, name):
        yield root


def walk(node: yaml.Node, path: Sequence[str | int]) -> tuple[int, int]:
    """(how much of the path is there, the line on which that begins, counted from 1)."""
    line, depth = node.start_mark.line + 1, 0
    for each in path:
        key, value = step(node, each)
        if value is None:
            break
        node, depth = value, depth + 1
        line = (key or value).start_mark.line + 1
    return depth, line


def step(node: yaml.Node, name: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
    """(the key of a mapping, its value); of a list, an item by its index, its name, or how it begins."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(name)), (None, None))
    if not isinstance(node, yaml.SequenceNode):
        return None, None
    if isinstance(name, int):
        return None, node.value[name] if name < len(node.value) else None
    return None, next((item for item in node.value if is_called(item, name)), None)


def is_called(item: yaml.Node, name: str) -> bool:
    """An item of a list has this name, or begins so."""
    if isinstance(item, yaml.ScalarNode):
        return str(item.value).startswith(name)
    return text_at(item, "name") == name


def child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    """The value of a mapping's key."""
    return step(node, name)[1] if isinstance(node, yaml.MappingNode) else None


def text_at(node: yaml.Node | None, *path: str) -> str:
    """The text that is written there; empty where none is."""
    for name in path:
        node = child(node, name)
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""
