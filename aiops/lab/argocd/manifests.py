"""What a source of an Application renders: the objects in a folder, a kustomization's, or a chart's stand-in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from posixpath import basename, join, normpath

import yaml

from aiops.lab.api.kinds import Json, Kinds
from aiops.lab.argocd.charts import stub
from aiops.lab.argocd.documents import documents, one_line
from aiops.lab.argocd.kustomize.build import build, is_kustomization
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
    plain = any((source.get("directory") or {}).values())  # whatever else is in the folder
    if source.get("chart") or (join(folder, "Chart.yaml") in tree and not plain):
        chart, version = source.get("chart") or basename(folder), source.get("targetRevision", "latest")
        name = (source.get("helm") or {}).get("releaseName") or release
        return Rendered(type="Helm", objects=(stub(chart, version, name, namespace),))
    if source.get("ref") and not source.get("path"):
        return Rendered(type="")
    names = sorted(name for name in tree if folder == "." or name.startswith(f"{folder}/"))
    if not names:
        raise Unreadable(f"{source.get('path')}: app path does not exist")
    if is_kustomization(tree, folder) and not plain:
        return Rendered(type="Kustomize", objects=tuple(build(tree, folder, source.get("kustomize") or {}, kinds)))
    within = {name if folder == "." else name.removeprefix(f"{folder}/"): tree[name] for name in names}
    return Rendered(type="Directory", objects=tuple(_directory(within, source.get("directory") or {})))


def _directory(files: Tree, options: Json) -> Iterator[Json]:
    for name, content in files.items():
        if not name.endswith((".yaml", ".yml", ".json")) or ("/" in name and not options.get("recurse")):
            continue
        if (include := options.get("include")) and not _matches(name, include):
            continue
        if not ((exclude := options.get("exclude")) and _matches(name, exclude)):
            yield from _objects(content, name)


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
        why = one_line(error)
        raise Unreadable(f'Failed to unmarshal "{name}": {why}', code="FailedPrecondition") from error
    for body in found:
        if isinstance(body, dict) and body.get("apiVersion") and body.get("kind"):
            yield from body["items"] if isinstance(body.get("items"), list) else (body,)
