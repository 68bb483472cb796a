"""YAML and JSON as Kubernetes reads them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import yaml

from aiops.errors import TreeError
from aiops.gitops.files import Files

Body = Mapping[str, Any]
"""One manifest, or a part of one."""

_AS_TEXT = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Leaves dates and a lone `=` as text: CRDs hold both, and JSON has no dates."""

    yaml_implicit_resolvers = {  # noqa: RUF012  the library's name
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _AS_TEXT]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def parse(text: str, file: str) -> list[Any]:
    """The documents of a file, without empty ones; TreeError `file:line: ...` where it does not parse.

    Each text is parsed once: nobody may change what he gets.
    """
    return list(_parsed(text, file))


@lru_cache(maxsize=4096)
def _parsed(text: str, file: str) -> tuple[Any, ...]:
    try:
        if file.endswith(".json"):
            return (json.loads(text),)
        return tuple(body for body in yaml.load_all(text, Loader=_Loader) if body is not None)
    except json.JSONDecodeError as error:
        raise TreeError(f"{file}:{error.lineno}: is not JSON: {error.msg}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}" if mark else file
        raise TreeError(f"{where}: is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise TreeError(f"{file}: is not YAML: {' '.join(str(error).split())}") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists in lists in lists
        raise TreeError(f"{file}: cannot be read: {type(error).__name__}") from error


def objects(files: Files, paths: Iterable[str]) -> Iterator[tuple[Body, str]]:
    """The Kubernetes objects in those of the files that are YAML or JSON, each with its file.

    A List is its items. What has no apiVersion and kind is left out, as Argo CD leaves it out of a directory
    (argo-cd v3.5.7 reposerver/repository/repository.go, findManifests).
    """
    for path in paths:
        if path.endswith((".yaml", ".yml", ".json")):
            for body in parse(files.read(path) or "", path):
                for item in items(body, "items") if isinstance(value(body, "items"), list) else [body]:
                    if value(item, "apiVersion") and value(item, "kind"):
                        yield item, path


def value(body: object, *keys: str) -> Any:  # noqa: ANN401  whatever a file holds
    """What is at a path of keys; None where there is nothing."""
    for key in keys:
        body = body.get(key) if isinstance(body, Mapping) else None
    return body


def part(body: object, *keys: str) -> Body:
    """The mapping at a path of keys; empty where there is none."""
    found = value(body, *keys)
    return found if isinstance(found, Mapping) else {}


def items(body: object, *keys: str) -> list[Body]:
    """The mappings in the list at a path of keys; empty where there is none."""
    found = value(body, *keys)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def texts(body: object, *keys: str) -> tuple[str, ...]:
    """The strings in the list at a path of keys; empty where there is none."""
    found = value(body, *keys)
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()
