"""Kustomizations, as far as platforms' trees use them: what `kustomize build` would print.

What lies on the network is left out: remote resources; of a chart there is a stand-in.
"""

from collections.abc import Iterator
from posixpath import join, normpath
from typing import Any

from aiops.lab.api.kinds import Json, Kinds
from aiops.lab.argocd.charts import stub
from aiops.lab.argocd.documents import documents
from aiops.lab.argocd.kustomize_generators import generated
from aiops.lab.argocd.patching import patch
from aiops.lab.argocd.repositories import Tree, Unreadable
from aiops.lab.argocd.transformers import annotate, label, place, rename, replace_images, scale

FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CACHED = "<path to cached source>"
"""How Argo CD names the folder in which it keeps a repository."""


def file_in(tree: Tree, folder: str) -> str | None:
    """The kustomization of a folder."""
    return next((path for path in (normpath(join(folder, name)) for name in FILES) if path in tree), None)


def build(tree: Tree, folder: str, more: Json, kinds: Kinds) -> list[Json]:
    """The objects of a folder's kustomization; `more` is an Application's own addition (spec.source.kustomize)."""
    try:
        return _build(tree, folder, more, kinds)
    except Unreadable as error:
        why = f"`kustomize build {CACHED}/{folder}` failed exit status 1: Error: {error}"
        raise Unreadable(why) from error


def _build(tree: Tree, folder: str, more: Json, kinds: Kinds) -> list[Json]:
    path = file_in(tree, folder) or ""
    settings = _with(next(iter(documents(tree[path])), {}), more)
    objects = [body for entry in _entries(settings) for body in _resource(tree, folder, entry, kinds)]
    for chart in settings.get("helmCharts") or ():
        release = chart.get("releaseName") or chart["name"]
        objects.append(stub(chart["name"], chart.get("version", "latest"), release, chart.get("namespace", "")))
    objects += generated(tree, folder, settings)
    for entry in _patches(settings):
        objects = patch(tree, folder, objects, entry, kinds)
    place(objects, settings.get("namespace", ""), kinds)
    label(objects, settings)
    annotate(objects, settings.get("commonAnnotations") or {})
    scale(objects, settings.get("replicas") or ())
    replace_images(objects, settings.get("images") or ())
    rename(objects, settings.get("namePrefix", ""), settings.get("nameSuffix", ""))
    return objects


def _with(own: Json, more: Json) -> Json:
    """What `kustomize edit` makes of it."""
    found = dict(own)
    for key, value in more.items():
        if isinstance(value, list):
            found[key] = [*(found.get(key) or ()), *value]
        elif isinstance(value, dict):
            found[key] = {**(found.get(key) or {}), **value}
        else:
            found[key] = value
    return found


def _entries(settings: Json) -> Iterator[str]:
    for key in ("resources", "bases", "components"):
        yield from settings.get(key) or ()


def _patches(settings: Json) -> Iterator[Json]:
    """Of all three kinds, as the one that took their place."""
    for each in settings.get("patchesStrategicMerge") or ():
        yield {"patch": each} if "\n" in each else {"path": each}
    for key in ("patches", "patchesJson6902"):
        yield from settings.get(key) or ()


def _resource(tree: Tree, folder: str, entry: str, kinds: Kinds) -> list[Any]:
    path = normpath(join(folder, entry))
    if path in tree:
        return documents(tree[path])
    if file_in(tree, path):
        return _build(tree, path, {}, kinds)
    if "://" in entry or entry.startswith(("github.com/", "git@")):
        return []
    lost = f"evalsymlink failure on '{CACHED}/{path}' : lstat {CACHED}/{path}: no such file or directory"
    raise Unreadable(
        f"accumulating resources: accumulation err='accumulating resources from '{entry}': {lost}': "
        f"must build at directory: not a valid directory: {lost}"
    )
