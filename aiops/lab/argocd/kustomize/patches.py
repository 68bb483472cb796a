"""Patches of a kustomization."""

import re
from posixpath import join, normpath

from aiops.lab.api.kinds import Json, Kinds
from aiops.lab.api.patches import merge, operated, strategic
from aiops.lab.api.schemas import schema_of
from aiops.lab.argocd.documents import documents
from aiops.lab.argocd.repositories import Tree, Unreadable


def patch(tree: Tree, folder: str, objects: list[Json], entry: Json, kinds: Kinds) -> list[Json]:
    """The objects after a patch: a strategic merge patch, or a list of JSON patch operations."""
    text = entry.get("patch") or tree.get(normpath(join(folder, entry.get("path", ""))))
    if not text:
        raise Unreadable(f"failed to get the patch file from path({entry.get('path')})")
    for content in documents(text):
        target = entry.get("target") or _itself(content)
        chosen = [body for body in objects if _is(body, target)]
        if not chosen and "target" not in entry:
            raise Unreadable(f"no resource matches strategic merge patch {target}: no matches for Id")
        after = {id(body): _patched(body, content, kinds) for body in chosen}
        objects = [kept for body in objects if (kept := after.get(id(body), body)) is not None]
    return objects


def _itself(content: Json) -> Json:
    group = content["apiVersion"].rpartition("/")[0]
    return {"group": group, "kind": content["kind"], "name": re.escape(content["metadata"]["name"])}


def _is(body: Json, target: Json) -> bool:
    meta, (group, _, version) = body["metadata"], body["apiVersion"].rpartition("/")
    own = {"group": group, "version": version, "kind": body["kind"], "name": meta["name"]}
    own["namespace"] = meta.get("namespace", "")
    pairs = [f"{key}={value}" for key, value in (meta.get("labels") or {}).items()]
    wanted = [pair for pair in target.get("labelSelector", "").split(",") if pair]
    return all(re.fullmatch(str(target[key]), own[key]) for key in own if target.get(key)) and set(wanted) <= set(pairs)


def _patched(body: Json, content: Json | list[Json], kinds: Kinds) -> Json | None:
    if isinstance(content, list):
        return dict(operated(body, content))
    if content.get("$patch") == "delete":
        return None
    kind, meta = kinds.of(body["apiVersion"], body["kind"]), content.get("metadata") or {}
    change = {**content, "kind": body["kind"], "metadata": {**meta, "name": body["metadata"]["name"]}}
    return dict(merge(body, change)) if kind is None or kind.custom else strategic(schema_of(kind), body, change)
