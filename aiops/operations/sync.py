"""`sync`: deploys manual applications, one operation each, and never resets a running model."""

import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Literal

from aiops.clients.argocd import ArgoCD, check_server
from aiops.clients.kube import APPLICATION
from aiops.errors import Conflict, NotFound, Refused, TargetError, Unreachable, WrongUse
from aiops.gitops.application import Application
from aiops.judge.application import REFRESH, refresh_pending
from aiops.judge.operation import operation_of
from aiops.operations.gpu_guard import refuse_gpu, refuse_reset
from aiops.operations.picture import Picture
from aiops.operations.revision import Revision, read_revision
from aiops.operations.since import Since
from aiops.operations.sync_request import RUN_INFO, request_sync
from aiops.operations.target import check_target
from aiops.operations.waiting import Inbox, Message, Moment, until
from aiops.progress.events import Looked, Row, Said, State, Synced, SyncedApplication
from aiops.session import Session
from aiops.snapshot import Json
from aiops.snapshot import moment as time_of


def sync(session: Session, names: Sequence[str], *, limit_s: float, gpu: bool) -> Synced:
    """Sync applications and wait for their operations. Everything is checked before the first write."""
    layers = tuple(layer.name for layer in session.tree.layers)
    revision = read_revision(session, layers)
    chosen = [_choose(revision, name) for name in dict.fromkeys(names)]
    session.report(Said(text=check_target(session)))
    files = revision.delivery.files
    for application in chosen:
        app = _live(session, application)
        refuse_reset(session, application, files, app)
        if not gpu:
            refuse_gpu(session, application, files)
    syncing = Syncing(session, revision, chosen, _road(session))
    try:
        return until(syncing.inbox, syncing.picture.take, syncing.look, limit_s=limit_s)
    finally:
        syncing.picture.stop.set()


def _choose(revision: Revision, name: str) -> Application:
    """The application of that name in an enabled group; WrongUse with the nearest name otherwise."""
    tree = revision.delivery.tree
    known = {each.name: each for each in tree.applications_in(revision.delivery.inside)}
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, 1)
    guess = f", did you mean `{close[0]}`?" if close else ""
    manual = ", ".join(each.name for each in known.values() if not each.automatic)
    raise WrongUse(f"{tree.where} has no application `{name}` in an enabled group{guess}", f"manual ones: {manual}")


def _live(session: Session, application: Application) -> Json:
    try:
        return session.kube.get(APPLICATION, application.name, session.namespace)
    except NotFound as error:
        profiles = [name for name, layers in session.profiles().items() if application.layer in layers]
        raise Refused(
            f"{application.name} is not on the cluster: layer {application.layer} is not applied, or not settled",
            f"aiops root --profile {profiles[0]}" if profiles else "add its layer to a profile",
        ) from error


def _road(session: Session) -> ArgoCD | None:
    """Argo CD's API where a server and a token are given; None: the Application's own operation."""
    server = os.environ.get("ARGOCD_SERVER") or session.config.aiops.argocd.server
    token = os.environ.get("ARGOCD_AUTH_TOKEN")
    if not server or not token:
        return None
    timeout_s = session.config.aiops.timeouts.request
    return ArgoCD(check_server(server), token, os.environ.get("ARGOCD_OPTS", ""), timeout_s=timeout_s)


@dataclass
class Course:
    """One application on its way: refreshed, then synced if need be, then looked at again."""

    application: Application
    step: Literal["look", "refresh", "sync", "operation", "done"] = "look"
    asked_after: str = ""
    """reconciledAt when the refresh was asked for."""
    result: SyncedApplication | None = None


class Syncing:
    """The syncs of one command; its methods run in the main thread."""

    def __init__(
        self, session: Session, revision: Revision, chosen: Sequence[Application], argocd: ArgoCD | None
    ) -> None:
        self.session, self.argocd = session, argocd
        self.expected = {each.name: each for each in revision.expected}
        self.courses = [Course(application) for application in chosen]
        self.inbox: Inbox = SimpleQueue()
        self.picture = Picture(session.kube, session.namespace, self.inbox)
        self.since_when = Since()
        self._proven = argocd is None

    def take(self, message: Message) -> None:
        """Take in what a watch saw."""
        self.picture.take(message)

    def look(self, moment: Moment) -> Synced | None:
        """Move every application one step on; the result when all are through."""
        if self.picture.complete and self.picture.connected:
            for course in self.courses:
                self._advance(course)
        rows = tuple(self.since_when.stamp(self._row(course)) for course in self.courses)
        self.session.report(
            Looked(
                what="the syncs", rows=rows, elapsed_s=moment.elapsed_s, limit_s=moment.limit_s,
                trouble=self.picture.trouble(),
            )
        )  # fmt: skip
        return self._end(moment)

    def _advance(self, course: Course) -> None:
        app = self.picture.applications.get(course.application.name)
        if app is None or course.step == "done":
            return
        operation = operation_of(app)
        try:
            if course.step == "look":
                self._refresh(course, app)
            elif course.step == "refresh" and not refresh_pending(app) and operation.over:
                if (app["status"].get("reconciledAt") or "") > course.asked_after:
                    self._decide(course, app)
                else:
                    self._refresh(course, app)  # a refresh asked for during another is lost (argo-cd #28392)
            elif course.step == "operation" and _is_ours(app, self.session.run):
                self._finish(course, app)
            elif course.step == "operation" and operation.over:
                self._failed(course, "another sync took its place")
        except (Conflict, Unreachable):
            course.step = "look"  # it changed under our hands, or nobody answers: judge it anew

    def _refresh(self, course: Course, app: Json) -> None:
        if self._ask_to_look(course.application.name, app):
            course.asked_after = app.get("status", {}).get("reconciledAt") or ""
            course.step = "refresh"

    def _ask_to_look(self, name: str, app: Json) -> bool:
        if refresh_pending(app):
            return False
        note = {"metadata": {"annotations": {REFRESH: "normal"}}}
        body = self.session.kube.merge_patch(APPLICATION, name, self.session.namespace, note)
        self.picture.put(APPLICATION, body)
        return True

    def _decide(self, course: Course, app: Json) -> None:
        """Sync it unless it is synced to the expected commit already."""
        name, status = course.application.name, app["status"].get("sync", {})
        revisions = status.get("revisions") or [status.get("revision", "")]
        heads = self.expected[name].heads
        if any(index >= len(revisions) or revisions[index] != head for index, (_, head) in heads.items()):
            self._refresh(course, app)
        elif status.get("status") == "Synced":
            course.step, course.result = (
                "done",
                SyncedApplication(name=name, outcome="unchanged", message="synced already"),
            )
        else:
            self._request(course, app)

    def _request(self, course: Course, app: Json) -> None:
        name, kube, namespace = course.application.name, self.session.kube, self.session.namespace
        if self.argocd is None:
            self.picture.put(APPLICATION, request_sync(kube, namespace, app, self.session.run, as_auto_sync=False))
        else:
            self._prove(self.argocd, name, app)
            self.argocd.sync(name, app["spec"]["project"], namespace, run=self.session.run)
        course.step = "operation"

    def _prove(self, argocd: ArgoCD, name: str, app: Json) -> None:
        """Before the first sync: the API server and the kube context are one and the same Argo CD."""
        if self._proven:
            return
        theirs = argocd.application(name, app["spec"]["project"], self.session.namespace)
        if theirs.get("metadata", {}).get("uid") != app["metadata"]["uid"]:
            raise TargetError(
                f"ARGOCD_SERVER {argocd.server} is not the Argo CD of context {self.session.kube.context}: "
                f"its application {name} is another object",
                "unset ARGOCD_SERVER, or name the one that belongs to this cluster",
            )
        self._proven = True

    def _finish(self, course: Course, app: Json) -> None:
        """Done once the operation is over and Argo CD has looked at the application since."""
        operation = operation_of(app)
        if operation.phase == "failed":
            self._failed(course, operation.message)
        looked, finished = time_of(app["status"].get("reconciledAt")), time_of(operation.finished)
        if operation.phase != "succeeded" or finished is None:
            return
        if looked is None or looked <= finished:
            self._ask_to_look(course.application.name, app)
            return
        resources = (app["status"]["operationState"].get("syncResult") or {}).get("resources") or ()
        course.step = "done"
        course.result = SyncedApplication(
            name=course.application.name,
            outcome="synced",
            message=operation.message,
            resources=tuple(_resource(each) for each in resources if not _untouched(each)),
        )

    def _failed(self, course: Course, message: str) -> None:
        course.step = "done"
        course.result = SyncedApplication(name=course.application.name, outcome="failed", message=message)

    def _row(self, course: Course) -> Row:
        app = self.picture.applications.get(course.application.name) or {}
        operation = operation_of(app)
        foreign = "" if not app.get("operation") or _is_ours(app, self.session.run) else "another sync is running: "
        text = {
            "look": "reading",
            "refresh": f"{foreign}{operation.message}" if foreign else "asked Argo CD to look again",
            "operation": f"syncing: {operation.message}".rstrip(": "),
        }
        state: State = "waiting"
        if course.result is not None:
            state = "hopeless" if course.result.outcome == "failed" else "settled"
        return Row(
            name=course.application.name, layer=course.application.layer, group=course.application.group,
            state=state, detail=course.result.message if course.result else text.get(course.step, ""),
        )  # fmt: skip

    def _end(self, moment: Moment) -> Synced | None:
        results = [course.result for course in self.courses if course.result is not None]
        open_ones = [course.application.name for course in self.courses if course.result is None]
        failed = [result.name for result in results if result.outcome == "failed"]
        if open_ones and not moment.over:
            return None
        hint, code = "", 0
        if failed:
            summary, code = f"sync failed: {', '.join(failed)}", 3
            hint = f"kubectl -n {self.session.namespace} describe application {failed[0]}"
        elif open_ones:
            summary, code = f"after {moment.elapsed_s:.0f} s not through: {', '.join(open_ones)}", 4
            hint = f"`aiops sync {' '.join(open_ones)}` goes on from here"
        else:
            done = sum(result.outcome == "synced" for result in results)
            summary = f"{done} synced" + (f", {len(results) - done} unchanged" if done < len(results) else "")
        road = f"Argo CD's API at {self.argocd.server}" if self.argocd else "the Application's operation"
        return Synced(summary=summary, hint=hint, exit_code=code, applications=tuple(results), road=road)


def _is_ours(app: Json, run: str) -> bool:
    """The operation that is running, or ran last, is the one that this run started."""
    pending = (app.get("operation") or {}).get("info") or ()
    ran = ((app.get("status", {}).get("operationState") or {}).get("operation") or {}).get("info") or ()
    info = pending or ran
    return any(each.get("name") == RUN_INFO and each.get("value") == run for each in info)


def _untouched(each: Json) -> bool:
    """kubectl's own word for an apply that changed nothing."""
    return each.get("status") == "Synced" and str(each.get("message", "")).endswith(" unchanged")


def _resource(each: Json) -> tuple[str, str, str]:
    where = f"{each['namespace']}/" if each.get("namespace") else ""
    return f"{each.get('kind')} {where}{each.get('name')}", str(each.get("status", "")), str(each.get("message", ""))
