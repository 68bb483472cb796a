"""From a folder with a kustomization to its objects."""

from collections.abc import Iterator
from posixpath import join, normpath

import yaml

from aiops.lab.api.kinds import Json, Kinds
from aiops.lab.argocd.charts import stub
from aiops.lab.argocd.documents import documents, one_line
from aiops.lab.argocd.kustomize.generators import generated
from aiops.lab.argocd.kustomize.naming import affix, hash_names, rename
from aiops.lab.argocd.kustomize.patches import patch
from aiops.lab.argocd.kustomize.transformers import transform
from aiops.lab.argocd.repositories import Tree, Unreadable

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CACHED = "<path to cached source>"
"""How Argo CD names the folder in which it keeps a repository."""


def is_kustomization(tree: Tree, folder: str) -> bool:
    """Whether a folder holds one."""
    return _file(tree, folder) in tree


def build(tree: Tree, folder: str, more: Json, kinds: Kinds) -> list[Json]:
    """The objects of a folder's kustomization; `more` is an Application's own addition (spec.source.kustomize)."""
    try:
        objects = _build(tree, folder, more, kinds)
        rename(objects, hash_names(objects))
        return objects
    except (Unreadable, yaml.YAMLError) as error:
        said = f"invalid Kustomization: yaml: {one_line(error)}" if isinstance(error, yaml.YAMLError) else str(error)
        raise Unreadable(f"`kustomize build {CACHED}/{folder}` failed exit status 1: Error: {said}") from error


def _file(tree: Tree, folder: str) -> str:
    paths = [normpath(join(folder, name)) for name in NAMES]
    return next((path for path in paths if path in tree), paths[0])


def _build(tree: Tree, folder: str, more: Json, kinds: Kinds) -> list[Json]:
    settings = _with(next(iter(documents(tree[_file(tree, folder)])), {}), more)
    entries = (entry for key in ("resources", "bases", "components") for entry in settings.get(key) or ())
    objects = [body for entry in entries for body in _resource(tree, folder, entry, kinds)]
    for chart in settings.get("helmCharts") or ():
        release = chart.get("releaseName") or chart["name"]
        objects.append(stub(chart["name"], chart.get("version", "latest"), release, chart.get("namespace", "")))
    objects += generated(tree, folder, settings)
    for entry in _patches(settings):
        objects = patch(tree, folder, objects, entry, kinds)
    transform(objects, settings, kinds)
    rename(objects, affix(objects, settings.get("namePrefix", ""), settings.get("nameSuffix", "")))
    return objects


def _with(own: Json, more: Json) -> Json:
    """As `kustomize edit` adds to it."""
    found = dict(own)
    for key, value in more.items():
        if isinstance(value, list):
            found[key] = [*(found.get(key) or ()), *value]
        elif isinstance(value, dict):
            found[key] = {**(found.get(key) or {}), **value}
        else:
            found[key] = value
    return found


def _resource(tree: Tree, folder: str, entry: str, kinds: Kinds) -> list[Json]:
    path = normpath(join(folder, entry))
    if path in tree:
        try:
            return documents(tree[path])
        except yaml.YAMLError as error:
            why = f"MalformedYAMLError: yaml: {one_line(error)} in File: {path}"
            where = f"accumulating resources: accumulation err='accumulating resources from '{entry}'"
            raise Unreadable(f"{where}: {why}'") from error
    if is_kustomization(tree, path):
        return _build(tree, path, {}, kinds)
    if "://" in entry or entry.startswith(("github.com/", "git@")):
        return []
    lost = f"evalsymlink failure on '{CACHED}/{path}' : lstat {CACHED}/{path}: no such file or directory"
    raise Unreadable(
        f"accumulating resources: accumulation err='accumulating resources from '{entry}': {lost}': "
        f"must build at directory: not a valid directory: {lost}"
    )


def _patches(settings: Json) -> Iterator[Json]:
    """Of all three fields, as the one that took their place has them."""
    for each in settings.get("patchesStrategicMerge") or ():
        yield {"patch": each} if "\n" in each else {"path": each}
    for key in ("patches", "patchesJson6902"):
        yield from settings.get(key) or ()
