"""YAML and JSON files as Argo CD reads them."""

from typing import Any

import yaml


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as Kubernetes reads it: a date is a text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def documents(text: bytes | str) -> list[Any]:
    """Every document of a file; yaml.YAMLError where it cannot be read."""
    return [each for each in yaml.load_all(text, Loader) if each is not None]  # noqa: S506 - it is a safe one
