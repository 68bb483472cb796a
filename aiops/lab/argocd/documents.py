"""YAML and JSON files as Argo CD reads them, and JSON as it writes it."""

import json

import yaml

from aiops.lab.api.kinds import Json, Value


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as Kubernetes reads it: a date is a text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def documents(text: bytes | str) -> list[Value]:
    """Every document of a file; yaml.YAMLError where it cannot be read."""
    return [each for each in yaml.load_all(text, Loader) if each is not None]


def written(body: Json) -> str:
    """JSON as Go writes it."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.translate({ord(sign): f"\\u{ord(sign):04x}" for sign in "&<>"})


def one_line(error: Exception) -> str:
    """What a parser says, which may be many lines."""
    return " ".join(str(error).split())
