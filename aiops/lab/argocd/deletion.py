"""What goes with an Application that is deleted."""

from collections.abc import Sequence

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Objects, Writer
from aiops.lab.argocd import names
from aiops.lab.argocd.status import wave_of

BACKGROUND = f"{names.FINALIZER}/background"


def cascade(objects: Objects, app: Json, live: Sequence[Json], by: Writer) -> None:
    """Delete its objects, the last wave first, and let the Application go once none is left.

    To be called again whenever one of them is gone.
    """
    marks = set(app["metadata"].get("finalizers") or ()) & {names.FINALIZER, BACKGROUND}
    if not marks:
        return
    doomed = [body for body in live if "Delete=false" not in names.annotation(body, names.SYNC_OPTIONS).split(",")]
    if any("deletionTimestamp" in body["metadata"] for body in doomed):
        return
    last = max(map(wave_of, doomed), default=0)
    for body in [each for each in doomed if wave_of(each) == last]:
        kind, meta = objects.kinds.of(body["apiVersion"], body["kind"]), body["metadata"]
        if kind is not None:
            propagation = "Background" if BACKGROUND in marks else "Foreground"
            objects.delete(kind.resource, meta["name"], meta.get("namespace", ""), by, propagation=propagation)
    if not doomed:
        _free(objects, names.APPLICATIONS, app, marks, by)


def release(objects: Objects, project: Json, by: Writer) -> None:
    """Let an AppProject go that is deleted, once no Application refers to it."""
    meta = project["metadata"]
    apps = objects.list(names.APPLICATIONS, meta["namespace"])
    if "deletionTimestamp" in meta and not any(app["spec"].get("project") == meta["name"] for app in apps):
        _free(objects, names.APPPROJECTS, project, {names.FINALIZER}, by)


def _free(objects: Objects, resource: str, body: Json, marks: set[str], by: Writer) -> None:
    def change(was: Json) -> Json:
        was["metadata"]["finalizers"] = [mark for mark in was["metadata"].get("finalizers") or () if mark not in marks]
        return was

    objects.edit(resource, body["metadata"]["name"], body["metadata"]["namespace"], change, by)
