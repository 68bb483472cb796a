"""Argo CD's application controller: compares Applications with their sources, and syncs them."""

from collections import defaultdict
from collections.abc import Iterable

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Change, Writer
from aiops.lab.api.store import Event, Name
from aiops.lab.argocd import automation, names, operations, status
from aiops.lab.argocd.comparison import Comparer, Comparison
from aiops.lab.argocd.deletion import cascade, release
from aiops.lab.argocd.operator import Operator
from aiops.lab.argocd.projects import refusals, sources_of
from aiops.lab.argocd.repo_server import RepoServer
from aiops.lab.argocd.tracking import Tracking
from aiops.lab.cluster import Cluster

PART = "argocd-application-controller"
BY = Writer(user=f"system:serviceaccount:argocd:{PART}", manager=PART)
RECENT, LATEST, FORCED = 1, 2, 3
"""How much a comparison looks up: only what is live; git too, unless it was asked lately; git in any case."""


class Applications:
    """The controller."""

    def __init__(self, cluster: Cluster, repo_server: RepoServer) -> None:
        self._cluster, self._objects, self._clock = cluster, cluster.objects, cluster.clock
        self._tracking = Tracking(self._changed)
        self._comparer = Comparer(cluster.objects, repo_server, self._tracking)
        self._operator = Operator(cluster, self._comparer, BY)
        self._asked: defaultdict[Name, int] = defaultdict(int)
        self._unreadable_since: dict[Name, float] = {}
        self._controller = cluster.control("applications", PART, self._reconcile, {names.APPLICATIONS: _itself})
        cluster.store.subscribers.append(self._tracking.hear)
        cluster.control("projects", PART, self._release, {names.APPPROJECTS: _itself, names.APPLICATIONS: _project})

    def _changed(self, app: str) -> None:
        """Something of an Application changed in the cluster."""
        key = names.NAMESPACE, app
        self._ask(key, RECENT)
        self._controller.look_at(key)

    def _ask(self, key: Name, level: int) -> None:
        self._asked[key] = max(self._asked[key], level)

    async def _release(self, key: Name) -> None:
        if (project := self._objects.find(names.APPPROJECTS, key[1], key[0])) is not None:
            release(self._objects, project, BY)

    async def _reconcile(self, key: Name) -> float | None:
        app = self._objects.find(names.APPLICATIONS, key[1], key[0])
        if app is None or names.annotation(app, names.SKIP_RECONCILE) == "true":
            return None
        if "deletionTimestamp" in app["metadata"]:
            cascade(self._objects, app, self._tracking.of(key[1]), BY)
            return None
        state = operations.state_of(app)
        if app.get("operation") and operations.pauses(state) and operations.until_retry_s(state, self._clock) <= 0:
            self._ask(key, LATEST)
        again_s = await self._refresh(key, app)
        app = self._objects.get(names.APPLICATIONS, key[1], key[0])
        if not app.get("operation"):
            return again_s
        next_s, over = await self._operator.carry_on(key, app)
        if over:
            self._ask(key, LATEST if app["operation"].get("initiatedBy", {}).get("automated") else FORCED)
        return again_s if next_s is None else min(again_s, next_s)

    def _level(self, key: Name, app: Json) -> int:
        """How much has to be compared anew; 0: nothing (needRefreshAppStatus)."""
        done, now = names.status_of(app).get("sync", {}).get("comparedTo") or {}, status.compared_to(app)
        asked, keys = self._asked.pop(key, 0), done.keys() | now.keys()
        other = {each for each in keys if done.get(each) != now.get(each)}
        if names.annotation(app, names.REFRESH) or other & {"source", "sources"}:
            return FORCED
        return max(asked, LATEST) if other or self._until_expiry_s(app) <= 0 else asked

    def _until_expiry_s(self, app: Json) -> float:
        if not (looked := names.status_of(app).get("reconciledAt")):
            return 0.0
        return self._cluster.pace.git_s - self._clock.since(looked)

    async def _refresh(self, key: Name, app: Json) -> float:
        """Compare it where that is due; after how long it is due again."""
        if not (level := self._level(key, app)):
            return self._until_expiry_s(app)
        began, name = self._clock.stamp(), names.project_of(app)
        project = self._objects.find(names.APPPROJECTS, name, key[0])
        lost = f"Application referencing project {name} which does not exist"
        if why := [lost] if project is None else refusals(project, app):
            self._persist(app, status.refused(app, why, began))
        elif project is not None:
            known = names.status_of(app).get("sync", {})
            revisions = names.revisions_of(known) if level == RECENT else ()
            comparison = await self._comparer.compare(app, sources_of(app), revisions, fresh=level == FORCED)
            if not self._passes_over(key, comparison, level):
                after = status.after(app, comparison, project, self._cluster.kinds, began)
                return self._conclude(key, app, after, level, began)
        return self._cluster.pace.git_s

    def _passes_over(self, key: Name, comparison: Comparison, level: int) -> bool:
        """Whether it is too early to say that sources cannot be read (repoErrorGracePeriod)."""
        if not comparison.error:
            self._unreadable_since.pop(key, None)
        if not comparison.error or level == FORCED:
            return False
        now = self._clock.elapsed()
        return now - self._unreadable_since.setdefault(key, now) <= self._cluster.pace.git_s

    def _conclude(self, key: Name, app: Json, after: Json, level: int, began: str) -> float:
        """Sync it where that is due, and write what was found."""
        decision = automation.decide(app, after, self._clock)
        if decision.operation is not None:
            self._edit(app, lambda was: names.with_operation(was, decision.operation))
        errors = [("SyncError", decision.error)] if decision.error else []
        after = status.with_conditions(after, errors, status.OF_SYNC, began)
        if level >= LATEST or "reconciledAt" not in after:
            after["reconciledAt"] = began
        self._persist(app, after)
        if decision.again_s is not None:
            self._ask(key, LATEST)
        return self._cluster.pace.git_s if decision.again_s is None else decision.again_s

    def _persist(self, app: Json, after: Json) -> None:
        """The status, and that the refresh is answered, in one write; what operations say is not touched.

        One that was asked for after the comparison began stays; one that was asked for twice is lost (argo-cd #28392).
        """
        before = names.status_of(app).get("health", {}).get("status")
        moved = {} if before == after["health"]["status"] else {"lastTransitionTime": self._clock.stamp()}
        after = {**after, "health": {**after["health"], **moved}}

        def change(was: Json) -> Json:
            old = names.status_of(was)
            own = {key: old[key] for key in ("operationState", "history") if key in old}
            rest = {key: value for key, value in after.items() if key not in ("operationState", "history")}
            if names.annotation(app, names.REFRESH):
                was["metadata"]["annotations"].pop(names.REFRESH, None)
            return {**was, "status": {**rest, **own}}

        self._edit(app, change)

    def _edit(self, app: Json, change: Change) -> None:
        meta = app["metadata"]
        self._objects.edit(names.APPLICATIONS, meta["name"], meta["namespace"], change, BY)


def _itself(event: Event) -> Iterable[Name]:
    """Of a change that asks for something; what the controller wrote itself does not, nor one in another namespace."""
    if event.name[0] != names.NAMESPACE:
        return ()
    return () if event.old is not None and _asks(event.old) == _asks(event.object) else (event.name,)


def _asks(body: Json) -> object:
    meta = body["metadata"]
    phase = operations.state_of(body).get("phase")
    return body["spec"], meta.get("annotations"), meta.get("deletionTimestamp"), body.get("operation"), phase


def _project(event: Event) -> Iterable[Name]:
    """That of an Application that is gone."""
    return [(event.name[0], names.project_of(event.object))] if event.type == "DELETED" else ()
