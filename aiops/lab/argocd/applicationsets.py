"""Argo CD's ApplicationSet controller: makes, changes and deletes the Applications of each ApplicationSet."""

from collections.abc import Iterable, Mapping
from typing import Any

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.store import Event, Name
from aiops.lab.argocd import names
from aiops.lab.argocd.health import health_of
from aiops.lab.argocd.parameters import parameters
from aiops.lab.argocd.repo_server import RepoServer
from aiops.lab.argocd.repositories import Unreadable
from aiops.lab.argocd.templates import Unrenderable, filled
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import condition, owner

PART = "argocd-applicationset-controller"
BY = Writer(user=f"system:serviceaccount:argocd:{PART}", manager=PART)
AGAIN_S = 180.0
UP_TO_DATE = "All applications have been generated successfully"
KEPT = (names.REFRESH, "notified.notifications.argoproj.io", "argocd.argoproj.io/hydrate")
"""Annotations of an Application that are not the ApplicationSet's to remove."""


class Failed(Exception):
    """A pass that ends before anything is written, with the condition's reason."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ApplicationSets:
    """The controller."""

    def __init__(self, cluster: Cluster, repo_server: RepoServer) -> None:
        self._cluster, self._objects, self._repo_server = cluster, cluster.objects, repo_server
        watches = {names.APPLICATIONSETS: _itself, names.APPLICATIONS: _owner}
        cluster.control("applicationsets", PART, self._reconcile, watches)

    async def _reconcile(self, key: Name) -> float | None:
        found = self._objects.find(names.APPLICATIONSETS, key[1], key[0])
        if found is None or "deletionTimestamp" in found["metadata"]:
            return None
        try:
            desired = await self._generated(found)
        except Failed as error:
            self._conditions(found, error.reason, str(error), generated=False)
            return AGAIN_S
        invalid = self._invalid(found, desired)
        if invalid:
            more = f" (and {len(invalid) - 1} more)" if len(invalid) > 1 else ""
            why = f"{invalid[max(invalid)]}{more}"
            self._conditions(found, "ApplicationValidationError", why, generated=True)
        self._write(found, [body for body in desired if body["metadata"]["name"] not in invalid])
        self._delete(found, {body["metadata"]["name"] for body in desired})
        self._resources(found)
        self._consume(found)
        if not invalid:
            self._conditions(found, "", UP_TO_DATE, generated=True)
        return AGAIN_S

    async def _generated(self, body: Json) -> list[Json]:
        spec, fresh = body["spec"], names.SET_REFRESH in (body["metadata"].get("annotations") or {})
        project = spec["template"]["spec"].get("project", "")
        if "{{" not in project and self._objects.find(names.APPPROJECTS, project, body["metadata"]["namespace"]) is None:
            why = f'error getting project {project}: AppProject.argoproj.io "{project}" not found'
            raise Failed("ApplicationGenerationFromParamsError", why)
        try:
            await self._repo_server.answers()
            repositories = self._repo_server.repositories
            params = [each for every in spec["generators"] for each in parameters(every, repositories, fresh=fresh)]
        except Unreadable as error:
            raise Failed("ApplicationGenerationFromParamsError", str(error)) from error
        try:
            return [_application(body, each) for each in params]
        except Unrenderable as error:
            raise Failed("RenderTemplateParamsError", str(error)) from error

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

    def _write(self, body: Json, desired: Iterable[Json]) -> None:
        policy = (body["spec"].get("syncPolicy") or {}).get("applicationsSync", "sync")
        for app in sorted(desired, key=lambda each: each["metadata"]["name"]):
            meta = app["metadata"]
            if self._objects.find(names.APPLICATIONS, meta["name"], meta["namespace"]) is None:
                self._objects.create(names.APPLICATIONS, {**app, "status": names.empty_status()}, BY)
            elif policy not in ("create-only", "create-delete"):
                self._objects.edit(names.APPLICATIONS, meta["name"], meta["namespace"], lambda was: _over(was, app), BY)  # noqa: B023

    def _delete(self, body: Json, desired: set[str]) -> None:
        if (body["spec"].get("syncPolicy") or {}).get("applicationsSync", "sync") in ("create-only", "create-update"):
            return
        for app in self._owned(body):
            if app["metadata"]["name"] not in desired and "deletionTimestamp" not in app["metadata"]:
                self._objects.delete(names.APPLICATIONS, app["metadata"]["name"], app["metadata"]["namespace"], BY)

    def _owned(self, body: Json) -> list[Json]:
        uid = body["metadata"]["uid"]
        found = self._objects.list(names.APPLICATIONS, body["metadata"]["namespace"])
        return [app for app in found if any(ref["uid"] == uid for ref in app["metadata"].get("ownerReferences") or ())]

    def _resources(self, body: Json) -> None:
        resources = [_resource(app) for app in self._owned(body)]
        counted = {"resources": resources, "resourcesCount": len(resources)} if resources else {}

        def change(status: Json) -> Json:
            kept = {key: value for key, value in status.items() if key not in ("resources", "resourcesCount")}
            return {**kept, **counted}

        self._edit_status(body, change)

    def _consume(self, body: Json) -> None:
        """The refresh that was asked for; this update writes what Go's types add to a generator, too."""
        meta = body["metadata"]

        def change(was: Json) -> Json:
            if (was["metadata"].get("annotations") or {}).pop(names.SET_REFRESH, None) is not None:
                for generator in was["spec"]["generators"]:
                    empty = {"metadata": {}, "spec": {"destination": {}, "project": ""}}
                    generator["git"].setdefault("template", empty)
            return was

        self._objects.edit(names.APPLICATIONSETS, meta["name"], meta["namespace"], change, BY)

    def _conditions(self, body: Json, reason: str, message: str, *, generated: bool) -> None:
        """Without a reason all is well."""
        now, ok, good = self._cluster.clock.stamp(), not reason, "ApplicationSetUpToDate"
        well = "Successfully generated parameters for all Applications"
        parameters_ = ("ParametersGenerated", well) if generated else ("ErrorOccurred", message)
        wanted = [
            condition("ErrorOccurred", not ok, reason or good, message, now=now),
            condition("ParametersGenerated", generated, *parameters_, now=now),
            condition("ResourcesUpToDate", ok, good if ok else "ErrorOccurred", message, now=now),
        ]

        def change(status: Json) -> Json:
            old = {each["type"]: each for each in status.get("conditions") or ()}
            kept = [old[new["type"]] if _same(old.get(new["type"]), new) else new for new in wanted]
            word, why = health_of({**body, "status": {"conditions": kept}}) or ("", "")
            return {**status, "conditions": kept, "health": {"status": word, "message": why}}

        self._edit_status(body, change)

    def _edit_status(self, body: Json, change: Any) -> None:  # noqa: ANN401
        meta = body["metadata"]
        self._objects.edit(
            names.APPLICATIONSETS, meta["name"], meta["namespace"],
            lambda was: {**was, "status": change(was.get("status") or {})}, BY, subresource="status",
        )  # fmt: skip


def _same(old: Json | None, new: Json) -> bool:
    return old is not None and all(old[key] == new[key] for key in ("status", "reason", "message"))


def _resource(app: Json) -> Json:
    status = app.get("status") or {}
    found = {
        "group": "argoproj.io", "version": "v1alpha1", "kind": "Application",
        "name": app["metadata"]["name"], "namespace": app["metadata"]["namespace"],
        "status": status.get("sync", {}).get("status"), "health": {"status": status.get("health", {}).get("status")},
    }  # fmt: skip
    return {key: value for key, value in found.items() if value and value != {"status": None}}


def _application(body: Json, params: Mapping[str, Any]) -> Json:
    strict = "missingkey=error" in (body["spec"].get("goTemplateOptions") or ())
    made: Json = filled(body["spec"]["template"], params, strict=strict)
    meta, own = made["metadata"], body["metadata"]
    policy = body["spec"].get("syncPolicy") or {}
    if not meta.get("finalizers") and not policy.get("preserveResourcesOnDeletion"):
        meta["finalizers"] = [names.FINALIZER]
    reference = {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "name": own["name"], "uid": own["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip
    meta |= {"namespace": own["namespace"], "ownerReferences": [reference]}
    return {"metadata": meta, "spec": made["spec"]}


def _over(was: Json, app: Json) -> Json:
    """An Application with everything that its ApplicationSet says of it, and nothing else."""
    meta, notes = app["metadata"], was["metadata"].get("annotations") or {}
    kept = {key: notes[key] for key in KEPT if key in notes}
    own = {
        "annotations": {**(meta.get("annotations") or {}), **kept}, "labels": meta.get("labels") or {},
        "finalizers": meta.get("finalizers") or [], "ownerReferences": meta["ownerReferences"],
    }  # fmt: skip
    return {**was, "metadata": {**was["metadata"], **own}, "spec": app["spec"]}


def _itself(event: Event) -> Iterable[Name]:
    """Of a change that is more than its status: of the spec, or a refresh that was asked for."""
    return () if event.old is not None and _asked(event.old) == _asked(event.object) else (event.name,)


def _asked(body: Json) -> object:
    meta = body["metadata"]
    return body["spec"], (meta.get("annotations") or {}).get(names.SET_REFRESH), meta.get("deletionTimestamp")


def _owner(event: Event) -> Iterable[Name]:
    """Of an Application that was deleted, or of which something changed that is the ApplicationSet's."""
    owned = ("annotations", "labels", "finalizers", "ownerReferences")
    if event.type == "MODIFIED" and event.old is not None and event.old["spec"] == event.object["spec"]:
        if all(event.old["metadata"].get(key) == event.object["metadata"].get(key) for key in owned):
            return ()
    return owner("ApplicationSet")(event) if event.type != "ADDED" else ()
