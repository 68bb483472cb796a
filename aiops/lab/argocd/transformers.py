"""What a kustomization changes in all its objects; each changes them in place."""

from collections.abc import Iterable, Iterator
from typing import Any

from aiops.lab.api.kinds import Json, Kinds
from aiops.lab.argocd.kustomize_generators import HASHED, hash_of

REFERENCES = {
    "configMapRef": ("ConfigMap", "name"), "configMapKeyRef": ("ConfigMap", "name"), "configMap": ("ConfigMap", "name"),
    "secretRef": ("Secret", "name"), "secretKeyRef": ("Secret", "name"), "secret": ("Secret", "secretName"),
    "persistentVolumeClaim": ("PersistentVolumeClaim", "claimName"), "scaleTargetRef": ("Deployment", "name"),
}  # fmt: skip
"""Where objects name others: the key, the kind that is named, and under which key in it."""


def place(objects: Iterable[Json], namespace: str, kinds: Kinds) -> None:
    """Into a namespace, all that belongs in one as far as kustomize knows."""
    for body in objects if namespace else ():
        kind = kinds.of(body["apiVersion"], body["kind"])
        if body["kind"] == "Namespace":
            body["metadata"]["name"] = namespace
        elif kind is None or kind.custom or kind.namespaced:
            body["metadata"]["namespace"] = namespace
        for subject in body.get("subjects") or ():
            if subject.get("kind") == "ServiceAccount" and subject.get("name") == "default":
                subject["namespace"] = namespace


def label(objects: Iterable[Json], settings: Json) -> None:
    """With commonLabels, which selectors get too, and with `labels`."""
    common = {"pairs": settings.get("commonLabels") or {}, "includeSelectors": True}
    for entry in [common, *(settings.get("labels") or ())]:
        selectors = entry.get("includeSelectors", False)
        for body in objects if entry["pairs"] else ():
            _add(body["metadata"], "labels", entry["pairs"])
            spec = body.get("spec") or {}
            if selectors or entry.get("includeTemplates"):
                if isinstance(spec.get("template"), dict):
                    _add(spec["template"].setdefault("metadata", {}), "labels", entry["pairs"])
            if selectors and "template" in spec and "selector" in spec:
                _add(spec["selector"], "matchLabels", entry["pairs"])
            elif selectors and body["kind"] == "Service":
                _add(spec, "selector", entry["pairs"])


def annotate(objects: Iterable[Json], pairs: Json) -> None:
    """With annotations, pods too."""
    for body in objects if pairs else ():
        _add(body["metadata"], "annotations", pairs)
        if isinstance(template := (body.get("spec") or {}).get("template"), dict):
            _add(template.setdefault("metadata", {}), "annotations", pairs)


def _add(holder: Json, key: str, pairs: Json) -> None:
    holder[key] = {**(holder.get(key) or {}), **pairs}


def scale(objects: Iterable[Json], entries: Iterable[Json]) -> None:
    """To other replicas, by name."""
    counts = {entry["name"]: entry["count"] for entry in entries}
    for body in objects:
        if body["metadata"]["name"] in counts and body["kind"] in ("Deployment", "StatefulSet", "ReplicaSet"):
            body["spec"]["replicas"] = int(counts[body["metadata"]["name"]])


def replace_images(objects: Iterable[Json], entries: Iterable[Json | str]) -> None:
    """Other names, tags or digests of images; an Application writes them as `name=other:tag`."""
    wanted = {each["name"]: each for each in map(_image, entries)}
    for container in _containers(list(objects)) if wanted else ():
        name, digest = _split(container.get("image", ""))
        if (entry := wanted.get(name)) is not None:
            to = f"@{entry['digest']}" if entry.get("digest") else f":{entry['newTag']}" if entry.get("newTag") else digest
            container["image"] = entry.get("newName", name) + to


def _image(entry: Json | str) -> Json:
    if isinstance(entry, dict):
        return entry
    old, _, new = entry.rpartition("=")
    name, tail = _split(new)
    return {"name": old or name, "newName": name, "digest" if tail[:1] == "@" else "newTag": tail[1:]}


def _split(image: str) -> tuple[str, str]:
    """Its name, and its tag or digest with the sign before it."""
    cut = image.find("@") if "@" in image else image.rfind(":")
    return (image, "") if cut <= image.rfind("/") else (image[:cut], image[cut:])


def _containers(node: Any) -> Iterator[Json]:  # noqa: ANN401 - any JSON
    for key, value in node.items() if isinstance(node, dict) else ():
        if key in ("containers", "initContainers") and isinstance(value, list):
            yield from (each for each in value if isinstance(each, dict))
        yield from _containers(value)
    for value in node if isinstance(node, list) else ():
        yield from _containers(value)


def rename(objects: Iterable[Json], prefix: str, suffix: str) -> None:
    """With prefix and suffix, and the hash of what was generated; those that name them follow."""
    names: dict[tuple[str, str], str] = {}
    for body in objects:
        meta = body["metadata"]
        hashed = (meta.get("annotations") or {}).pop(HASHED, "")
        if hashed and not meta["annotations"]:
            del meta["annotations"]
        old, fixed = meta["name"], body["kind"] in ("Namespace", "CustomResourceDefinition")
        meta["name"] = old if fixed else f"{prefix}{old}{suffix}"
        if hashed:
            meta["name"] += f"-{hash_of(body)}"
        if meta["name"] != old:
            names[body["kind"], old] = meta["name"]
    for body in objects if names else ():
        _follow(body, names)


def _follow(node: Any, names: dict[tuple[str, str], str]) -> None:  # noqa: ANN401 - any JSON
    for key, value in node.items() if isinstance(node, dict) else ():
        kind, at = REFERENCES.get(key, ("", ""))
        if kind and isinstance(value, dict) and (new := names.get((kind, value.get(at, "")))):
            value[at] = new
        _follow(value, names)
    for value in node if isinstance(node, list) else ():
        _follow(value, names)
