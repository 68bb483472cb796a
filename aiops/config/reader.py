"""Reads YAML nodes as dataclasses, by the types of their fields. Knows nothing of this program's config."""

import dataclasses
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from aiops.config.spelling import did_you_mean

_TAG = "tag:yaml.org,2002:"
_READ_AS = {"int": "a number", "float": "a number", "bool": "true or false", "timestamp": "a date"}
_RIGHT = {
    **dict.fromkeys(("true", "yes", "on", "y", "1"), "`true`"),
    **dict.fromkeys(("false", "no", "off", "n", "0"), "`false`"),
}


class Reader:
    """Reads values and collects what is wrong with them; a wrong value is None, never a default."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[str, int] = {}
        """The line of each key path that was met."""
        self._problems: list[tuple[int, str]] = []

    @property
    def problems(self) -> tuple[str, ...]:
        """`file:line: key.path: what is wrong`, in the order of the file."""
        return tuple(text for _, text in sorted(self._problems, key=lambda problem: problem[0]))

    def problem(self, line: int, key: str, what: str) -> None:
        """Notes that the key or value on a line is wrong."""
        self._problems.append((line, f"{self.file}:{line}: {f'{key}: ' if key else ''}{what}"))

    def unknown(self, line: int, key: str, known: Mapping[str, object]) -> None:
        """Notes a key that nobody reads."""
        guess = did_you_mean(key.rpartition(".")[2], known)
        self.problem(line, key, f"unknown key{guess or '; known: ' + ', '.join(known)}")

    def read(self, want: Any, node: yaml.Node, key: str) -> Any:  # noqa: ANN401  any type of the config
        """The node as the type `want`, or None where it is not one.

        A type is a dataclass, Mapping[str, X], tuple[X, ...], X | None, Literal, str, bool, float, or
        Annotated[X, parse] with a function that raises ValueError.
        """
        try:
            return self._read(want, node, key)
        except ValueError as error:
            self.problem(_line(node), key, str(error))
            return None

    def fields(self, cls: Any, node: yaml.Node, key: str) -> dict[str, Any]:  # noqa: ANN401
        """The values of a dataclass's fields by field name, without those that are absent or wrong."""
        hints = get_type_hints(cls, include_extras=True)
        known = {_key(field): field for field in dataclasses.fields(cls) if "derived" not in field.metadata}
        written = self._entries(node, key)
        values: dict[str, Any] = {}
        for name, value in written.items():
            path = _join(key, name)
            if not (field := known.get(name)):
                self.unknown(self.lines[path], path, known)
                continue
            found = self.read(hints[field.name], value, path)
            if found == "" != field.default:
                self.problem(_line(value), path, "must not be empty")
            elif found is not None:
                values[field.name] = found
        for name, field in known.items():
            if _required(field) and name not in written:
                self.problem(_line(node), _join(key, name), "is missing")
        return values

    def _read(self, want: Any, node: yaml.Node, key: str) -> Any:  # noqa: ANN401
        if node.tag == f"{_TAG}null":
            raise ValueError("has no value; write one, or remove the key")
        kind, args = get_origin(want), get_args(want)
        if dataclasses.is_dataclass(want):
            return self._section(want, node, key)
        if kind in (UnionType, Union):  # the latter of an Annotated
            return self._read(args[0], node, key)
        if kind is Annotated:
            return args[1](_text(node) if args[0] is str else _scalar(node))
        if kind is Literal:
            return _word(args, node)
        if kind is tuple:
            return self._sequence(args[0], node, key)
        if kind is Mapping:
            items = self._entries(node, key).items()
            return _present({name: self.read(args[1], value, _join(key, name)) for name, value in items})
        return {str: _text, bool: _boolean, float: _number}[want](node)

    def _section(self, cls: Any, node: yaml.Node, key: str) -> Any:  # noqa: ANN401
        values = self.fields(cls, node, key)
        complete = all(field.name in values or not _required(field) for field in dataclasses.fields(cls))
        return cls(**values) if complete else None

    def _sequence(self, want: Any, node: yaml.Node, key: str) -> tuple[Any, ...]:  # noqa: ANN401
        if not isinstance(node, yaml.SequenceNode):
            raise ValueError(f"must be a list, not {_shown(node)}")
        read = (self.read(want, item, f"{key}[{number}]") for number, item in enumerate(node.value))
        return tuple(value for value in read if value is not None)

    def _entries(self, node: yaml.Node, key: str) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise ValueError(f"must be a mapping of keys, not {_shown(node)}")
        entries: dict[str, yaml.Node] = {}
        for name, value in node.value:
            if name.tag != f"{_TAG}str":
                self.problem(_line(name), key, f"the key {_shown(name)} must be a string; put it in quotes")
            elif name.value in entries:
                path = _join(key, name.value)
                self.problem(_line(name), path, f"is written twice; first on line {self.lines[path]}")
            else:
                self.lines[_join(key, name.value)] = _line(name)
                entries[name.value] = value
        return entries


def _scalar(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError(f"must be a single value, not {_shown(node)}")
    return str(node.value)


def _text(node: yaml.Node) -> str:
    text = _scalar(node)
    if node.tag != f"{_TAG}str":
        read_as = _READ_AS.get(node.tag.removeprefix(_TAG), node.tag)
        raise ValueError(f'YAML reads `{text}` as {read_as}; write "{text}"')
    return text


def _word(allowed: tuple[str, ...], node: yaml.Node) -> str:
    word = _text(node)
    if word not in allowed:
        raise ValueError(f"`{word}` is not one of {', '.join(allowed)}{did_you_mean(word, allowed)}")
    return word


def _boolean(node: yaml.Node) -> bool:
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError(f"must be `true` or `false`, not {_shown(node)}")
    if node.style is None and node.value in ("true", "false"):
        return bool(node.value == "true")
    right = _RIGHT.get(node.value.lower(), "`true` or `false`")
    raise ValueError(f"must be {right}, not {_shown(node)}")


def _number(node: yaml.Node) -> float:
    if node.tag in (f"{_TAG}int", f"{_TAG}float"):
        try:
            if (number := float(node.value)) >= 0:
                return number
        except ValueError:
            pass  # .inf, .nan and YAML's other spellings
    raise ValueError(f"must be a number of at least 0, not {_shown(node)}")


def _shown(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        return "a mapping" if isinstance(node, yaml.MappingNode) else "a list"
    quote = node.style if node.style in ("'", '"') else ""
    return f"`{quote}{node.value}{quote}`"


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _key(field: "dataclasses.Field[Any]") -> str:
    return str(field.metadata.get("key", field.name))


def _required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is field.default_factory is dataclasses.MISSING
