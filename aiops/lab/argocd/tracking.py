"""Which objects belong to which Application: by the annotation that Argo CD puts on what it applies."""

from collections import defaultdict
from collections.abc import Callable

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Event, Name, name_of
from aiops.lab.argocd.health import Unjudged, health_of
from aiops.lab.argocd.names import TRACKING, annotation

DEFINITION = "CustomResourceDefinition"


def tracked(body: Json, app: Json) -> Json:
    """An object as an Application applies it; a CustomResourceDefinition gets no annotation."""
    if body["kind"] == DEFINITION:
        return body
    meta = body["metadata"]
    where = meta.get("namespace") or app["spec"]["destination"].get("namespace", "")
    notes = {**(meta.get("annotations") or {}), TRACKING: _id(app["metadata"]["name"], body, where)}
    return {**body, "metadata": {**meta, "annotations": notes}}


def _id(app: str, body: Json, namespace: str) -> str:
    return f"{app}:{body['apiVersion'].rpartition('/')[0]}/{body['kind']}:{namespace}/{body['metadata']['name']}"


class Tracking:
    """Knows the objects of each Application as they come and go."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        """`changed` is called with an Application's name when one of its objects changes in what matters to it."""
        self._changed = changed
        self._objects: defaultdict[str, dict[tuple[str, Name], Json]] = defaultdict(dict)

    def of(self, app: str) -> list[Json]:
        """The live objects of an Application."""
        return list(self._objects[app].values())

    def hear(self, event: Event) -> None:
        """Take in what happened to an object."""
        before = owner_of(event.old) if event.old is not None else ""
        after = owner_of(event.object) if event.type != "DELETED" else ""
        key = event.resource, name_of(event.object)
        if before and before != after:
            self._objects[before].pop(key, None)
            self._changed(before)
        if after:
            self._objects[after][key] = event.object
            if before != after or event.old is None or _matters(event.old, event.object):
                self._changed(after)


def owner_of(body: Json) -> str:
    """The Application that an object belongs to; the annotation of another object, copied to it, does not count."""
    name, _, rest = annotation(body, TRACKING).partition(":")
    if not name or body["metadata"].get("ownerReferences"):
        return ""
    where = rest.rpartition(":")[2].partition("/")[0]
    namespace = body["metadata"].get("namespace", where)
    return name if _id(name, body, namespace) == f"{name}:{rest}" else ""


def _matters(old: Json, new: Json) -> bool:
    """A change of the status only does where it changes the health (argocd-cm, ignoreResourceUpdates)."""
    apart = ("status", "metadata", "operation")
    if {key: old[key] for key in old if key not in apart} != {key: new[key] for key in new if key not in apart}:
        return True
    said = ("annotations", "labels", "finalizers", "deletionTimestamp")
    if any(old["metadata"].get(key) != new["metadata"].get(key) for key in said):
        return True
    return old.get("status") != new.get("status") and _health(old) != _health(new)


def _health(body: Json) -> object:
    try:
        return health_of(body)
    except Unjudged:
        return None
