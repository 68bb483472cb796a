"""New names of objects, and those that name them."""

from collections.abc import Iterable, Mapping

from aiops.lab.api.kinds import Json, Value
from aiops.lab.argocd.kustomize.generators import HASHED, hash_of

Names = Mapping[tuple[str, str], str]
"""By kind and old name, the new one."""
REFERENCES = {
    "configMapRef": ("ConfigMap", "name"), "configMapKeyRef": ("ConfigMap", "name"), "configMap": ("ConfigMap", "name"),
    "secretRef": ("Secret", "name"), "secretKeyRef": ("Secret", "name"), "secret": ("Secret", "secretName"),
    "persistentVolumeClaim": ("PersistentVolumeClaim", "claimName"), "scaleTargetRef": ("Deployment", "name"),
}  # fmt: skip
"""Where objects name others: the key, the kind that is named, and under which key in it."""
FIXED = ("Namespace", "CustomResourceDefinition")


def affix(objects: Iterable[Json], prefix: str, suffix: str) -> Names:
    """With namePrefix and nameSuffix."""
    named = [(body["kind"], body["metadata"]["name"]) for body in objects if prefix or suffix]
    return {(kind, name): f"{prefix}{name}{suffix}" for kind, name in named if kind not in FIXED}


def hash_names(objects: Iterable[Json]) -> Names:
    """Of generated objects, with a hash of what they hold; what marked them for it goes."""
    found = {}
    for meta, body in ((body["metadata"], body) for body in objects):
        if (meta.get("annotations") or {}).pop(HASHED, None) is not None:
            found[body["kind"], meta["name"]] = f"{meta['name']}-{hash_of(body)}"
            if not meta["annotations"]:
                del meta["annotations"]
    return found


def rename(objects: Iterable[Json], names: Names) -> None:
    """Give objects their new names, and those that name them."""
    for body in objects if names else ():
        meta = body["metadata"]
        meta["name"] = names.get((body["kind"], meta["name"]), meta["name"])
        _follow(body, names)


def _follow(node: Value, names: Names) -> None:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        kind, at = REFERENCES.get(str(key), ("", ""))
        if isinstance(value, dict) and (new := names.get((kind, value.get(at, "")))):
            value[at] = new
        _follow(value, names)
