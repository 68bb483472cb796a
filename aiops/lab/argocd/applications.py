"""Argo CD's application controller: compares Applications with their sources, and syncs them."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.store import Event, Name
from aiops.lab.argocd import automation, names, status
from aiops.lab.argocd.comparison import Comparer, Comparison
from aiops.lab.argocd.deletion import cascade
from aiops.lab.argocd.operator import Operator
from aiops.lab.argocd.projects import refusals, sources_of
from aiops.lab.argocd.repo_server import RepoServer
from aiops.lab.argocd.tracking import Tracking
from aiops.lab.cluster import Cluster
from aiops.lab.clock import parse

PART = "argocd-application-controller"
BY = Writer(user=f"system:serviceaccount:argocd:{PART}", manager=PART)
NAMESPACE = "argocd"
RECENT, LATEST, FORCED = 1, 2, 3
"""How much a comparison looks up: only what is live; git too, unless it was asked lately; git in any case."""


class Applications:
    """The controller."""

    def __init__(self, cluster: Cluster, repo_server: RepoServer) -> None:
        self._cluster, self._objects, self._clock = cluster, cluster.objects, cluster.clock
        self._tracking = Tracking(self._changed)
        self._comparer = Comparer(cluster.objects, repo_server, self._tracking)
        self._asked: defaultdict[Name, int] = defaultdict(int)
        self._unreadable_since: dict[Name, float] = {}
        self._operator = Operator(cluster, self._comparer, BY)
        self._controller = cluster.control("applications", PART, self._reconcile, {names.APPLICATIONS: _itself})
        cluster.store.subscribers.append(self._tracking.hear)

    def _changed(self, app: str) -> None:
        """Something of an Application changed in the cluster."""
        self._ask((NAMESPACE, app), RECENT)
        self._controller.look_at((NAMESPACE, app))

    def _ask(self, key: Name, level: int) -> None:
        self._asked[key] = max(self._asked[key], level)

    def _find(self, key: Name) -> Json | None:
        return self._objects.find(names.APPLICATIONS, key[1], key[0])

    async def _reconcile(self, key: Name) -> float | None:
        app = self._find(key)
        if app is None or names.annotation(app, names.SKIP_RECONCILE) == "true":
            return None
        if "deletionTimestamp" in app["metadata"]:
            cascade(self._objects, app, self._tracking.of(key[1]), BY)
            return None
        if self._operator.is_due_again(app):
            self._ask(key, LATEST)
        waits = [await self._refresh(key, app)]
        if (app := self._find(key)) is not None and app.get("operation"):
            again_s, ended = await self._operator.carry_on(key, app)
            waits += [again_s] if again_s is not None else []
            if ended:
                automated = app["operation"].get("initiatedBy", {}).get("automated")
                self._ask(key, LATEST if automated else FORCED)
        return min(waits)

    def _level(self, key: Name, app: Json) -> int:
        """How much has to be compared anew; 0: nothing (needRefreshAppStatus)."""
        done = (app.get("status") or {}).get("sync", {}).get("comparedTo") or {}
        asked, now = self._asked.pop(key, 0), status.compared_to(app)
        if names.annotation(app, names.REFRESH):
            return FORCED
        if any(done.get(each) != now.get(each) for each in (("sources",) if "sources" in app["spec"] else ("source",))):
            return FORCED
        if self._until_expiry_s(app) <= 0 or any(done.get(each) != now.get(each) for each in ("destination", "ignoreDifferences")):
            return LATEST
        return asked

    def _until_expiry_s(self, app: Json) -> float:
        looked = (app.get("status") or {}).get("reconciledAt")
        if not looked:
            return 0.0
        return self._cluster.pace.git_s - (self._clock.now() - parse(looked)).total_seconds()

    async def _refresh(self, key: Name, app: Json) -> float:
        """Compare it where that is due; after how long it is due again."""
        level = self._level(key, app)
        if not level:
            return self._until_expiry_s(app)
        again_s = self._cluster.pace.git_s
        began, project = self._clock.stamp(), self._project(app)
        if project is None or (why := refusals(project, app)):
            missing = f"Application referencing project {app['spec']['project']} which does not exist"
            self._persist(app, self._refused(app, [missing] if project is None else why))
            return again_s
        known = (app.get("status") or {}).get("sync", {})
        revisions = known.get("revisions") or [known.get("revision", "")] if level == RECENT else ()
        comparison = await self._comparer.compare(app, sources_of(app), revisions, fresh=level == FORCED)
        if self._passes_over(key, comparison, level):
            return again_s
        after = status.after(app, comparison, project, self._cluster.kinds, began)
        after = status.with_conditions(after, [], ("InvalidSpecError", "UnknownError"), began)
        decision = automation.decide(app, after, self._clock)
        if decision.operation is not None:
            self._start(app, decision.operation)
        errors = [("SyncError", decision.error)] if decision.error else []
        after = status.with_conditions(after, errors, ("SyncError",), began)
        if level >= LATEST or "reconciledAt" not in after:
            after["reconciledAt"] = began
        self._persist(app, after)
        if decision.again_s is not None:
            self._ask(key, LATEST)
            return decision.again_s
        return again_s

    def _project(self, app: Json) -> Json | None:
        return self._objects.find(names.APPPROJECTS, app["spec"].get("project") or "default", app["metadata"]["namespace"])

    def _refused(self, app: Json, why: Iterable[str]) -> Json:
        """A status in which nothing is known."""
        old = {**names.empty_status(), **(app.get("status") or {})}
        unknown = {**old, "sync": {**old["sync"], "status": "Unknown"}, "health": {**old["health"], "status": "Unknown"}}
        found = [("InvalidSpecError", text) for text in why]
        return status.with_conditions(unknown, found, ("InvalidSpecError", "UnknownError"), self._clock.stamp())

    def _passes_over(self, key: Name, comparison: Comparison, level: int) -> bool:
        """Whether sources that cannot be read are not worth a word yet (repoErrorGracePeriod)."""
        if not comparison.error:
            self._unreadable_since.pop(key, None)
            return False
        known, now = key in self._unreadable_since, self._clock.elapsed()
        since = self._unreadable_since.setdefault(key, now) if level < FORCED else now
        return level < FORCED and (not known or now - since <= self._cluster.pace.git_s)

    def _start(self, app: Json, operation: Json) -> None:
        def change(was: Json) -> Json:
            if "operation" not in was:
                was["operation"] = operation
                was["status"] = {**names.empty_status(), **was.get("status", {})}
                was["status"].pop("operationState", None)
            return was

        self._edit(app, change)

    def _persist(self, app: Json, after: Json) -> None:
        """The status and the answered refresh, in one write; what operations do to it meanwhile stays."""
        before = (app.get("status") or {}).get("health", {})
        if before.get("status") != after["health"]["status"]:
            after["health"]["lastTransitionTime"] = self._clock.stamp()

        def change(was: Json) -> Json:
            own = {key: was.get("status", {})[key] for key in ("operationState", "history") if key in was.get("status", {})}
            rest = {key: value for key, value in after.items() if key not in ("operationState", "history")}
            (was["metadata"].get("annotations") or {}).pop(names.REFRESH, None)
            return {**was, "status": {**rest, **own}}

        self._edit(app, change)

    def _edit(self, app: Json, change: Callable[[Json], Json]) -> None:
        meta = app["metadata"]
        self._objects.edit(names.APPLICATIONS, meta["name"], meta["namespace"], change, BY)


def _itself(event: Event) -> Iterable[Name]:
    """Of a change that asks for something; what the controller wrote itself does not."""
    return () if event.old is not None and _asks(event.old) == _asks(event.object) else (event.name,)


def _asks(app: Json) -> object:
    meta, state = app["metadata"], (app.get("status") or {}).get("operationState") or {}
    return app["spec"], meta.get("annotations"), meta.get("deletionTimestamp"), app.get("operation"), state.get("phase")
