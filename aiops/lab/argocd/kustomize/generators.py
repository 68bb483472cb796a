"""ConfigMaps and Secrets that a kustomization makes of files and values."""

import base64
import hashlib
from collections.abc import Iterator
from posixpath import basename, join, normpath

from aiops.lab.api.kinds import Json
from aiops.lab.argocd.documents import written
from aiops.lab.argocd.repositories import Tree, Unreadable

HASHED = "kustomize.config.k8s.io/needs-hash"
"""Annotation of an object that is yet to get its hash into its name."""


def generated(tree: Tree, folder: str, settings: Json) -> list[Json]:
    """The objects that its generators make."""
    common = settings.get("generatorOptions") or {}
    return [
        _made(kind, dict(_values(tree, folder, entry)), entry, {**common, **(entry.get("options") or {})})
        for kind, key in (("ConfigMap", "configMapGenerator"), ("Secret", "secretGenerator"))
        for entry in settings.get(key) or ()
    ]


def _values(tree: Tree, folder: str, entry: Json) -> Iterator[tuple[str, bytes]]:
    for each in entry.get("files") or ():
        key, _, path = each.rpartition("=")
        yield key or basename(path), _read(tree, folder, path)
    lines = [line for path in entry.get("envs") or () for line in _read(tree, folder, path).decode().splitlines()]
    for line in [*lines, *(entry.get("literals") or ())]:
        if line.strip() and not line.startswith("#"):
            key, _, value = line.partition("=")
            yield key, value.strip("'\"").encode()


def _read(tree: Tree, folder: str, path: str) -> bytes:
    if (found := tree.get(normpath(join(folder, path)))) is None:
        raise Unreadable(f"loading KV pairs: file sources: [{path}]: no such file or directory")
    return found


def _made(kind: str, values: dict[str, bytes], entry: Json, options: Json) -> Json:
    meta: Json = {key: dict(options[key]) for key in ("labels", "annotations") if options.get(key)}
    meta |= {key: entry[key] for key in ("name", "namespace") if key in entry}
    if not options.get("disableNameSuffixHash"):
        meta.setdefault("annotations", {})[HASHED] = "true"
    body = {"apiVersion": "v1", "kind": kind, "metadata": meta}
    if kind == "Secret":
        encoded = {key: base64.b64encode(value).decode() for key, value in values.items()}
        return {**body, "type": entry.get("type", "Opaque"), "data": encoded}
    return {**body, "data": {key: value.decode() for key, value in values.items()}}


def hash_of(body: Json) -> str:
    """The suffix of its name (kustomize api/hasher, which looks for the name where there is none)."""
    content = {"data": body.get("data") or "", "kind": body["kind"], "name": ""}
    if body["kind"] == "Secret":
        content["type"] = body["type"]
    return hashlib.sha256(written(content).encode()).hexdigest()[:10].translate(str.maketrans("013ae", "ghkmt"))
