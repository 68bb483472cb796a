"""What a source of an Application renders: the objects in a folder, a kustomization's, or a chart's stand-in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from posixpath import basename, join, normpath

import yaml

from aiops.lab.api.kinds import Json, Kinds
from aiops.lab.argocd import kustomize
from aiops.lab.argocd.charts import stub
from aiops.lab.argocd.documents import documents
from aiops.lab.argocd.repositories import Tree, Unreadable

MANIFEST = tuple(re.compile(rf"^{key}\s*:", re.MULTILINE) for key in ("apiVersion", "kind", "metadata"))
"""A file that has all of them is meant to be one (reposerver/repository/repository.go)."""


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The objects of one source, which nobody may change."""

    type: str
    """`Directory`, `Kustomize` or `Helm`; empty for a source that others only refer to."""
    objects: tuple[Json, ...] = ()


def render(tree: Tree, source: Json, release: str, namespace: str, kinds: Kinds) -> Rendered:
    """The objects of a source; Unreadable in the repo server's words."""
    folder = normpath(source.get("path") or ".")
    if source.get("chart") or join(folder, "Chart.yaml") in tree:
        chart = source.get("chart") or basename(folder)
        name = (source.get("helm") or {}).get("releaseName") or release
        return Rendered(type="Helm", objects=(stub(chart, source.get("targetRevision", "latest"), name, namespace),))
    if source.get("ref") and not source.get("path"):
        return Rendered(type="")
    names = [name for name in tree if folder == "." or name.startswith(f"{folder}/")]
    if not names:
        raise Unreadable(f"{source.get('path')}: app path does not exist")
    if kustomize.file_in(tree, folder):
        objects = kustomize.build(tree, folder, source.get("kustomize") or {}, kinds)
        return Rendered(type="Kustomize", objects=tuple(objects))
    return Rendered(type="Directory", objects=tuple(_directory(tree, source, folder, sorted(names))))


def _directory(tree: Tree, source: Json, folder: str, names: list[str]) -> Iterator[Json]:
    options = source.get("directory") or {}
    for name in names:
        within = name if folder == "." else name.removeprefix(f"{folder}/")
        if not name.endswith((".yaml", ".yml", ".json")) or ("/" in within and not options.get("recurse")):
            continue
        if (include := options.get("include")) and not _matches(within, include):
            continue
        if (exclude := options.get("exclude")) and _matches(within, exclude):
            continue
        yield from _objects(tree[name], within)


def _matches(name: str, pattern: str) -> bool:
    """As Go's globs do, which know `{a,b}`."""
    if group := re.fullmatch(r"(.*)\{([^{}]*)\}(.*)", pattern):
        return any(_matches(name, group[1] + each + group[3]) for each in group[2].split(","))
    return fnmatch(name, pattern)


def _objects(content: bytes, name: str) -> Iterator[Json]:
    try:
        found = documents(content)
    except yaml.YAMLError as error:
        text = content.decode(errors="replace")
        if not all(sign.search(text) for sign in MANIFEST):
            return
        why = " ".join(str(error).split())
        raise Unreadable(f'Failed to unmarshal "{name}": {why}', code="FailedPrecondition") from error
    for body in found:
        if isinstance(body, dict) and body.get("apiVersion") and body.get("kind"):
            yield from body["items"] if isinstance(body.get("items"), list) else (body,)
