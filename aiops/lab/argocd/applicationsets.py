"""Argo CD's ApplicationSet controller: makes, changes and deletes the Applications of each ApplicationSet."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.store import Event, Name
from aiops.lab.argocd import names
from aiops.lab.argocd.generation import FROM_PARAMS, Failed, generated
from aiops.lab.argocd.health import health_of
from aiops.lab.argocd.repo_server import RepoServer
from aiops.lab.argocd.repositories import Unreadable
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import condition, owner

PART = "argocd-applicationset-controller"
BY = Writer(user=f"system:serviceaccount:argocd:{PART}", manager=PART)
AGAIN_S = 180.0
"""After which it reads git by itself (generators/interface.go); nobody makes that faster."""
UP_TO_DATE, WELL = "ApplicationSetUpToDate", "All applications have been generated successfully"
KEPT = (names.REFRESH, "notified.notifications.argoproj.io", "argocd.argoproj.io/hydrate")
"""Annotations of an Application that are not the ApplicationSet's to remove."""


class ApplicationSets:
    """The controller."""

    def __init__(self, cluster: Cluster, repo_server: RepoServer) -> None:
        self._clock, self._objects, self._repo_server = cluster.clock, cluster.objects, repo_server
        watches = {names.APPLICATIONSETS: _itself, names.APPLICATIONS: _owner}
        cluster.control("applicationsets", PART, self._reconcile, watches)

    async def _reconcile(self, key: Name) -> float | None:
        body = self._objects.find(names.APPLICATIONSETS, key[1], key[0])
        if body is None or "deletionTimestamp" in body["metadata"]:
            return None
        try:
            desired = await self._generated(body)
        except Failed as error:
            self._say(body, error.reason, str(error), generated=False)
            return AGAIN_S
        invalid = self._invalid(body, desired)
        if invalid:
            more = f" (and {len(invalid) - 1} more)" if len(invalid) > 1 else ""
            self._say(body, "ApplicationValidationError", f"{invalid[max(invalid)]}{more}", generated=True)
        policy = (body["spec"].get("syncPolicy") or {}).get("applicationsSync", "sync")
        self._write([app for app in desired if app["metadata"]["name"] not in invalid], policy)
        if policy in ("sync", "create-delete"):
            self._delete(body, {app["metadata"]["name"] for app in desired})
        self._count(body)
        self._consume(body)
        if not invalid:
            self._say(body, "", WELL, generated=True)
        return AGAIN_S

    async def _generated(self, body: Json) -> list[Json]:
        meta, project = body["metadata"], body["spec"]["template"]["spec"].get("project", "")
        if "{{" not in project and self._objects.find(names.APPPROJECTS, project, meta["namespace"]) is None:
            why = f'error getting project {project}: AppProject.argoproj.io "{project}" not found'
            raise Failed(FROM_PARAMS, why)
        try:
            await self._repo_server.answers()
        except Unreadable as error:
            why = f"error retrieving Git files: rpc error: code = {error.code} desc = {error}"
            raise Failed(FROM_PARAMS, f"error generating params from git: {why}") from error
        fresh = bool(names.annotation(body, names.SET_REFRESH))
        return generated(body, self._repo_server.repositories, fresh=fresh)

    def _invalid(self, body: Json, desired: Iterable[Json]) -> Mapping[str, str]:
        """Why some of its Applications cannot be: by name."""
        found: dict[str, str] = {}
        seen: set[str] = set()
        for app in desired:
            name, project = app["metadata"]["name"], app["spec"]["project"]
            if name in seen:
                who = body["metadata"]["name"]
                found[name] = f"ApplicationSet {who} contains applications with duplicate name: {name}"
            elif self._objects.find(names.APPPROJECTS, project, body["metadata"]["namespace"]) is None:
                found[name] = f"application references project {project} which does not exist"
            elif why := names.no_such_cluster(app["spec"]["destination"]):
                found[name] = f"application destination spec is invalid: {why}"
            seen.add(name)
        return found

    def _write(self, desired: Iterable[Json], policy: str) -> None:
        for app in sorted(desired, key=lambda each: each["metadata"]["name"]):
            name, namespace = app["metadata"]["name"], app["metadata"]["namespace"]
            if self._objects.find(names.APPLICATIONS, name, namespace) is None:
                self._objects.create(names.APPLICATIONS, {**app, "status": names.empty_status()}, BY)
            elif policy in ("sync", "create-update"):
                self._objects.edit(names.APPLICATIONS, name, namespace, lambda was: _over(was, app), BY)  # noqa: B023

    def _delete(self, body: Json, desired: set[str]) -> None:
        for app in self._owned(body):
            if app["metadata"]["name"] not in desired and "deletionTimestamp" not in app["metadata"]:
                self._objects.delete(names.APPLICATIONS, app["metadata"]["name"], app["metadata"]["namespace"], BY)

    def _owned(self, body: Json) -> list[Json]:
        uid = body["metadata"]["uid"]
        found = self._objects.list(names.APPLICATIONS, body["metadata"]["namespace"])
        return [app for app in found if any(ref["uid"] == uid for ref in app["metadata"].get("ownerReferences") or ())]

    def _count(self, body: Json) -> None:
        resources = [_resource(app) for app in self._owned(body)]
        counted = {"resources": resources, "resourcesCount": len(resources)} if resources else {}

        def change(status: Json) -> Json:
            return {**{key: status[key] for key in ("conditions", "health") if key in status}, **counted}

        self._edit_status(body, change)

    def _consume(self, body: Json) -> None:
        """Answer the refresh; this update also writes what Go's types add to a generator."""
        empty = {"metadata": {}, "spec": {"destination": {}, "project": ""}}

        def change(was: Json) -> Json:
            if (was["metadata"].get("annotations") or {}).pop(names.SET_REFRESH, None) is not None:
                for generator in was["spec"]["generators"]:
                    generator["git"].setdefault("template", empty)
            return was

        meta = body["metadata"]
        self._objects.edit(names.APPLICATIONSETS, meta["name"], meta["namespace"], change, BY)

    def _say(self, body: Json, reason: str, message: str, *, generated: bool) -> None:
        """Write its conditions; without a reason all is well. One that says the same as before keeps its time."""
        now, ok = self._clock.stamp(), not reason
        params = ("ErrorOccurred", message)
        if generated:
            params = ("ParametersGenerated", "Successfully generated parameters for all Applications")
        wanted = (
            condition("ErrorOccurred", not ok, reason or UP_TO_DATE, message, now=now),
            condition("ParametersGenerated", generated, *params, now=now),
            condition("ResourcesUpToDate", ok, UP_TO_DATE if ok else "ErrorOccurred", message, now=now),
        )

        def change(status: Json) -> Json:
            conditions = _timed(wanted, status.get("conditions") or ())
            health = health_of({**body, "status": {"conditions": conditions}})
            return {**status, "conditions": conditions, "health": {"status": health, "message": message}}

        self._edit_status(body, change)

    def _edit_status(self, body: Json, change: Callable[[Json], Json]) -> None:
        meta = body["metadata"]
        now = self._objects.get(names.APPLICATIONSETS, meta["name"], meta["namespace"])
        self._objects.set_status(names.APPLICATIONSETS, now, change(names.status_of(now)), BY)


def _timed(wanted: Iterable[Json], before: Sequence[Json]) -> list[Json]:
    def content(each: Json) -> Json:
        return {key: value for key, value in each.items() if key != "lastTransitionTime"}

    return [next((old for old in before if content(old) == content(new)), new) for new in wanted]


def _resource(app: Json) -> Json:
    status, meta = names.status_of(app), app["metadata"]
    sync, health = status.get("sync", {}).get("status"), status.get("health", {}).get("status")
    return {
        "group": "argoproj.io", "version": "v1alpha1", "kind": "Application",
        "name": meta["name"], "namespace": meta["namespace"],
        **({"status": sync} if sync else {}), "health": {"status": health} if health else {},
    }  # fmt: skip


def _over(was: Json, app: Json) -> Json:
    """An Application with everything that its ApplicationSet says of it, and nothing else."""
    meta, notes = app["metadata"], was["metadata"].get("annotations") or {}
    kept = {key: notes[key] for key in KEPT if key in notes}
    own = {key: meta.get(key) for key in ("labels", "finalizers", "ownerReferences")}
    own["annotations"] = {**(meta.get("annotations") or {}), **kept}
    return {**was, "metadata": {**was["metadata"], **own}, "spec": app["spec"]}


def _itself(event: Event) -> Iterable[Name]:
    """Of a change that is more than its status: of the spec, or a refresh that is asked for."""
    return () if event.old is not None and _asks(event.old) == _asks(event.object) else (event.name,)


def _asks(body: Json) -> object:
    return body["spec"], names.annotation(body, names.SET_REFRESH), body["metadata"].get("deletionTimestamp")


def _owner(event: Event) -> Iterable[Name]:
    """Of an Application that was deleted, or of which something changed that is the ApplicationSet's."""
    made = event.type == "ADDED" or (event.old is not None and _owned_part(event.old) == _owned_part(event.object))
    return () if made and event.type != "DELETED" else owner("ApplicationSet")(event)


def _owned_part(app: Json) -> object:
    meta = app["metadata"]
    return app["spec"], [meta.get(key) for key in ("annotations", "labels", "finalizers", "ownerReferences")]
