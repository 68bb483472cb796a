"""The parameters from which an ApplicationSet makes its Applications: what its git files generators read."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from posixpath import basename, dirname
from typing import Any

import yaml

from aiops.lab.api.kinds import Json
from aiops.lab.argocd.documents import documents
from aiops.lab.argocd.repositories import Repositories, Unreadable

Params = dict[str, Any]


def parameters(generator: Json, repositories: Repositories, *, fresh: bool) -> Iterator[Params]:
    """One after another; Unreadable, worded as the condition says it."""
    git = generator.get("git")
    if not git or "files" not in git:
        raise Unreadable("error generating params: the lab knows the git files generator only")
    try:
        commit = repositories.commit(git["repoURL"], git.get("revision", ""), fresh=fresh)
        tree = repositories.tree(git["repoURL"], commit)
    except Unreadable as error:
        where = "error generating params from git: error retrieving Git files: rpc error: code = Internal desc = "
        raise Unreadable(f"{where}unable to resolve git revision : {error}") from error
    patterns = [each["path"] for each in git["files"]]
    for path in sorted(path for path in tree if any(fnmatchcase(path, pattern) for pattern in patterns)):
        for params in _of_file(path, tree[path], git["repoURL"]):
            if _selects(generator.get("selector") or {}, params):
                yield params


def _of_file(path: str, content: bytes, url: str) -> Iterator[Params]:
    folder = dirname(path)
    names = {"path": folder, "basename": basename(folder), "filename": basename(path), "segments": folder.split("/")}
    try:
        found: Any = next(iter(documents(content)), {})
        # an empty file is one set of parameters that holds nothing, an empty list is none (generators/git.go)
        for each in found if isinstance(found, list) else [found]:
            yield {**each, "path": names}
    except (yaml.YAMLError, TypeError) as error:
        why = f"unable to process file '{path}' from repository '{url}': unable to parse file: {error}"
        raise Unreadable(f"error generating params from git: {why}") from error


def _selects(selector: Json, params: Params) -> bool:
    labels = dict(_flat(params))
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_meets(labels, each) for each in selector.get("matchExpressions") or ())


def _meets(labels: Mapping[str, str], expression: Json) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
    return value is None


def _flat(params: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in params.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif not isinstance(value, list):
            yield f"{prefix}{key}", str(value).lower() if isinstance(value, bool) else str(value)
