"""What an ApplicationSet asks for: its template, filled in with each set of parameters that its generators give."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from posixpath import basename, dirname

import yaml

from aiops.lab.api.kinds import Json, Value
from aiops.lab.api.selectors import chooses
from aiops.lab.argocd import names
from aiops.lab.argocd.documents import documents, one_line
from aiops.lab.argocd.repositories import Repositories, Unreadable
from aiops.lab.argocd.templates import Unrenderable, filled

FROM_PARAMS = "ApplicationGenerationFromParamsError"


class Failed(Exception):
    """Why nothing can be generated: what the condition ErrorOccurred says, and its reason."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def generated(body: Json, repositories: Repositories, *, fresh: bool) -> list[Json]:
    """The Applications of an ApplicationSet; with `fresh` git is asked whatever is remembered."""
    strict = "missingkey=error" in (body["spec"].get("goTemplateOptions") or ())
    try:
        params = [each for one in body["spec"]["generators"] for each in _parameters(one, repositories, fresh=fresh)]
        return [_application(body, filled(body["spec"]["template"], each, strict=strict)) for each in params]
    except Unreadable as error:
        raise Failed(FROM_PARAMS, f"error generating params from git: {error}") from error
    except Unrenderable as error:
        raise Failed("RenderTemplateParamsError", str(error)) from error


def _application(body: Json, made: Json) -> Json:
    meta, own = made["metadata"], body["metadata"]
    if not meta.get("finalizers") and not (body["spec"].get("syncPolicy") or {}).get("preserveResourcesOnDeletion"):
        meta["finalizers"] = [names.FINALIZER]
    reference = {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "name": own["name"], "uid": own["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip
    return {"metadata": {**meta, "namespace": own["namespace"], "ownerReferences": [reference]}, "spec": made["spec"]}


def _parameters(generator: Json, repositories: Repositories, *, fresh: bool) -> Iterator[Json]:
    git = generator.get("git") or {}
    if "files" not in git:
        raise Unreadable("the lab knows the git files generator only")
    try:
        commit = repositories.commit(git["repoURL"], git.get("revision", ""), fresh=fresh)
        tree = repositories.tree(git["repoURL"], commit)
    except Unreadable as error:
        where = "error retrieving Git files: rpc error: code = Internal desc = unable to resolve git revision"
        raise Unreadable(f"{where} : {error}") from error
    patterns = [each["path"] for each in git["files"]]
    for path in sorted(path for path in tree if any(fnmatchcase(path, pattern) for pattern in patterns)):
        for params in _of_file(path, tree[path], git["repoURL"]):
            if chooses(generator.get("selector") or {}, dict(_flat(params))):
                yield params


def _of_file(path: str, content: bytes, url: str) -> Iterator[Json]:
    """An empty file is one set of parameters that holds nothing, an empty list is none (generators/git.go)."""
    folder = dirname(path)
    own = {"path": folder, "basename": basename(folder), "filename": basename(path), "segments": folder.split("/")}
    try:
        found: Value = next(iter(documents(content)), {})
        yield from ({**each, "path": own} for each in (found if isinstance(found, list) else [found]))
    except (yaml.YAMLError, TypeError) as error:
        why = f"unable to parse file: {one_line(error)}"
        raise Unreadable(f"unable to process file '{path}' from repository '{url}': {why}") from error


def _flat(params: Json, prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in params.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif not isinstance(value, list):
            yield f"{prefix}{key}", str(value).lower() if isinstance(value, bool) else str(value)
