"""What a kustomization changes in all its objects, which are changed in place."""

from collections.abc import Iterator, Sequence

from aiops.lab.api.kinds import Json, Kinds, Value


def transform(objects: Sequence[Json], settings: Json, kinds: Kinds) -> None:
    """All that a kustomization asks for, in kustomize's order."""
    images = {each["name"]: each for each in map(_image, settings.get("images") or ())}
    counts = {each["name"]: each["count"] for each in settings.get("replicas") or ()}
    for body in objects:
        _place(body, settings.get("namespace", ""), kinds)
        common = {"pairs": settings.get("commonLabels") or {}, "includeSelectors": True}
        for entry in (common, *(settings.get("labels") or ())):
            _label(body, entry)
        _note(body, "annotations", settings.get("commonAnnotations") or {}, template=True)
        if body["metadata"]["name"] in counts and body["kind"] in ("Deployment", "StatefulSet", "ReplicaSet"):
            body["spec"]["replicas"] = counts[body["metadata"]["name"]]
        for container in _containers(body) if images else ():
            _reimage(container, images)


def _place(body: Json, namespace: str, kinds: Kinds) -> None:
    """Into a namespace, where as far as kustomize knows it belongs in one."""
    if not namespace:
        return
    kind = kinds.of(body["apiVersion"], body["kind"])
    if body["kind"] == "Namespace":
        body["metadata"]["name"] = namespace
    elif kind is None or kind.custom or kind.namespaced:
        body["metadata"]["namespace"] = namespace
    for subject in body.get("subjects") or ():
        if subject.get("kind") == "ServiceAccount" and subject.get("name") == "default":
            subject["namespace"] = namespace


def _label(body: Json, entry: Json) -> None:
    selectors, pairs, spec = entry.get("includeSelectors", False), entry["pairs"], body.get("spec") or {}
    _note(body, "labels", pairs, template=selectors or entry.get("includeTemplates", False))
    if selectors and pairs and "template" in spec and "selector" in spec:
        spec["selector"]["matchLabels"] = {**(spec["selector"].get("matchLabels") or {}), **pairs}
    elif selectors and pairs and body["kind"] == "Service":
        spec["selector"] = {**(spec.get("selector") or {}), **pairs}


def _note(body: Json, key: str, pairs: Json, *, template: bool) -> None:
    """Labels or annotations, of the pods too with `template`."""
    inner = (body.get("spec") or {}).get("template")
    for holder in (body, *([inner] if template and isinstance(inner, dict) else [])) if pairs else ():
        meta = holder.setdefault("metadata", {})
        meta[key] = {**(meta.get(key) or {}), **pairs}


def _image(entry: Json | str) -> Json:
    """An Application writes it as `name=other:tag`."""
    if isinstance(entry, dict):
        return entry
    old, _, new = entry.rpartition("=")
    name, tail = _split(new)
    return {"name": old or name, "newName": name, "digest" if tail[:1] == "@" else "newTag": tail[1:]}


def _split(image: str) -> tuple[str, str]:
    """Its name, and its tag or digest with the sign before it."""
    cut = image.find("@") if "@" in image else image.rfind(":")
    return (image, "") if cut <= image.rfind("/") else (image[:cut], image[cut:])


def _reimage(container: Json, wanted: dict[str, Json]) -> None:
    name, tail = _split(container.get("image", ""))
    if (entry := wanted.get(name)) is not None:
        for sign, key in ((":", "newTag"), ("@", "digest")):
            tail = f"{sign}{entry[key]}" if entry.get(key) else tail
        container["image"] = entry.get("newName", name) + tail


def _containers(node: Value) -> Iterator[Json]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key in ("containers", "initContainers") and isinstance(value, list):
            yield from (each for each in value if isinstance(each, dict))
        yield from _containers(value)
