"""`wait`: until every automatic application of a profile stands, or cannot."""

from dataclasses import replace
from math import inf
from queue import SimpleQueue

from aiops import clock
from aiops.clients.kube import APPLICATION, Kinds
from aiops.collect import read_details
from aiops.errors import AiopsError, Conflict, Unreachable
from aiops.judge.applicationset import judge_applicationset
from aiops.judge.profile import Judged, judge_profile
from aiops.operations.outcome import rows_of, set_row, waited
from aiops.operations.picture import Picture
from aiops.operations.refresh import Refresher
from aiops.operations.revision import Revision, read_revision
from aiops.operations.since import Since
from aiops.operations.sync_request import request_sync, request_termination
from aiops.operations.target import prove_target
from aiops.operations.waiting import Answer, Inbox, Message, Moment, Questions, until
from aiops.progress.events import Looked, Row, Said
from aiops.progress.results import Waited
from aiops.session import Session
from aiops.snapshot import Details, Snapshot

GIT_EVERY_S, AFTER_REFRESH_S = 15.0, 2.0
"""How often the branch's head is read again: in quiet times, and after a refresh was asked for."""
DETAILS_EVERY_S = 2.0


def wait(session: Session, profile: str, *, limit_s: float, passive: bool = False) -> Waited:
    """Wait for a profile; at most `limit_s` seconds. `passive` writes nothing, so it only sees what Argo CD does.

    Never raises for how the platform is: that is in the result. Raises what keeps it from looking at all.
    """
    prove_target(session)
    waiting = Waiting(session, profile, passive)
    try:
        return until(waiting.inbox, waiting.take, waiting.look, limit_s=limit_s)
    finally:
        waiting.picture.stop.set()


class Waiting:
    """One wait: what is known, and what was asked for. Its methods run in the main thread."""

    def __init__(self, session: Session, profile: str, passive: bool) -> None:
        self.session, self.profile, self.passive = session, profile, passive
        self.layers = session.layers(profile)
        self.since = None if passive else session.began
        self.inbox: Inbox = SimpleQueue()
        self.questions = Questions(self.inbox)
        self.picture = Picture(session.kube, session.namespace, self.inbox)
        self.refresher = Refresher(session.kube, session.namespace, self.picture)
        self.revision: Revision | None = None
        self.trouble = ""
        self.kinds: Kinds | None = None
        self.details = Details()
        self.revived: dict[str, str] = {}
        self.blocked_at: dict[str, float] = {}
        self.since_when = Since()
        self.proposed: tuple[tuple[tuple[str, str], ...], float] = ((), 0.0)

    def take(self, message: Message) -> None:
        """Take in what a thread saw."""
        if not isinstance(message, Answer):
            return self.picture.take(message)
        self.questions.close(message)
        match message.topic, message.error:
            case "revision", None:
                self._moved_to(message.value)
            case "kinds", None:
                self.kinds = message.value
            case "details", None:
                self.details = message.value
            case _, Unreachable() as error:
                self.trouble = error.message
            case _, AiopsError() as error:
                raise error
        return None

    def look(self, moment: Moment) -> Waited | None:
        """Judge what is known, act on it, report it; the result once there is one."""
        self._ask_git(GIT_EVERY_S)
        if self.revision is None or not self.picture.complete:
            self._report((), moment)
            return waited(self.profile, (), (), moment, self._trouble()) if moment.over else None
        judged = self._judge(self.revision)
        sets = tuple(self._judge_set(layer, self.revision) for layer in self.layers)
        rows = tuple(
            self.since_when.stamp(row) for row in (*sets, *rows_of(judged, self.details, self.session.namespace))
        )
        self._report(rows, moment)
        end = waited(self.profile, rows, tuple(self.revision.heads.items()), moment, self._trouble())
        if end is not None and (moment.over or self._confirmed(end, judged)):
            return end
        self._ask_more(judged)
        self._act(judged)
        return None

    def _confirmed(self, end: Waited, judged: tuple[Judged, ...]) -> bool:
        """An end that rests on what the cluster knows, or on what lies beneath an application, rests on reads that
        began after it was first seen: a CRD or a pod may have changed since the last ones."""
        if not self.picture.connected or (end.exit_code == 0 and self.trouble):
            return False  # nobody tells whether it is still so, or whether the branch moved
        shaky = tuple((row.name, row.detail) for row in end.rows if row.state in ("hopeless", "deferred", "suspended"))
        if shaky != self.proposed[0]:
            self.proposed = (shaky, clock.monotonic())
        topics = self._topics(judged) if shaky else ()
        return all(self.questions.known_since(topic, self.proposed[1]) for topic in topics)

    def _judge(self, revision: Revision) -> tuple[Judged, ...]:
        known = self.kinds.known() if self.kinds is not None else None
        snapshot: Snapshot = replace(self.picture.snapshot(), known_kinds=known, details=self.details)
        return judge_profile(snapshot, revision.expected, revision.delivery, self.since, self.revived)

    def _judge_set(self, layer: str, revision: Revision) -> Row:
        name = next(each.manifest["metadata"]["name"] for each in revision.delivery.tree.layers if each.name == layer)
        if not self.passive and self.picture.connected:
            self.refresher.refresh_set(name, revision.commit)
        verdict = judge_applicationset(
            self.picture.applicationsets.get(name),
            revision.expected_groups(layer),
            self.picture.applications,
            inf if self.passive else self.refresher.asked_s(name, revision.commit),
        )
        return set_row(name, layer, verdict)

    def _act(self, judged: tuple[Judged, ...]) -> None:
        """Everything this wait writes: refreshes, and new syncs of what used up its retries."""
        if self.passive or not self.picture.connected:
            return
        for each in judged:
            if each.revive:
                self._revive(each)
            if self._surely_blocked(each):
                self._unblock(each)
        if self.refresher.refresh(judged):
            self._ask_git(AFTER_REFRESH_S)

    def _revive(self, judged: Judged) -> None:
        name = judged.expected.name
        app = self.picture.applications[name]
        try:
            body = request_sync(self.session.kube, self.session.namespace, app, self.session.run, as_auto_sync=True)
        except (Conflict, Unreachable):
            return  # somebody was faster, or nobody answers: the next look decides again
        self.revived[name] = app["status"]["operationState"].get("startedAt", "")
        self.picture.put(APPLICATION, body)
        text = f"{name}: its retries were used up and their cause is gone, so it is synced again"
        self.session.report(Said(text=text, level="info"))

    def _surely_blocked(self, judged: Judged) -> bool:
        """By an older commit's retries, and not a newer one's that Argo CD saw before we did: git was asked since."""
        name = judged.expected.name
        if not judged.verdict.blocked:
            self.blocked_at.pop(name, None)
            return False
        self._ask_git(0.0)
        return self.questions.known_since("revision", self.blocked_at.setdefault(name, clock.monotonic()))

    def _unblock(self, judged: Judged) -> None:
        name = judged.expected.name
        app = self.picture.applications[name]
        try:
            body = request_termination(self.session.kube, self.session.namespace, app)
        except (Conflict, Unreachable):
            return
        self.picture.put(APPLICATION, body)
        text = f"{name}: ended the retries of an older commit's sync, which kept Argo CD from syncing the newer one"
        self.session.report(Said(text=text, level="info"))

    def _ask_git(self, every_s: float) -> None:
        known = self.revision
        self.questions.ask("revision", lambda: read_revision(self.session, self.layers, known), every_s=every_s)

    def _topics(self, judged: tuple[Judged, ...]) -> tuple[str, ...]:
        """What a closer look can tell of: what lies beneath an application, and which kinds there are."""
        unwell = any(each.verdict.unwell for each in judged)
        stuck = any(each.verdict.stuck or each.verdict.state == "deferred" for each in judged)
        return (("kinds",) if unwell or stuck else ()) + (("details",) if unwell and self.kinds else ())

    def _ask_more(self, judged: tuple[Judged, ...]) -> None:
        """Look closer where that can tell why something does not come up."""
        kube, kinds, topics = self.session.kube, self.kinds, self._topics(judged)
        if "kinds" in topics:
            self.questions.ask("kinds", kube.kinds, every_s=DETAILS_EVERY_S)
        if "details" in topics and kinds is not None:
            apps = [self.picture.applications[each.expected.name] for each in judged if each.verdict.unwell]
            self.questions.ask("details", lambda: read_details(kube, kinds, apps), every_s=DETAILS_EVERY_S)

    def _moved_to(self, revision: Revision) -> None:
        before, self.revision, self.trouble = self.revision, revision, ""
        if before is None:
            text = f"{revision.branch} is at {revision.commit[:8]}"
            self.session.report(Said(text=f"{text}: {len(revision.expected)} applications in {self.profile}"))
        elif before.commit != revision.commit:
            self.session.report(Said(text=f"{revision.branch} moved to {revision.commit[:8]}", level="warn"))

    def _trouble(self) -> str:
        return self.picture.trouble() or self.trouble

    def _report(self, rows: tuple[Row, ...], moment: Moment) -> None:
        self.session.report(
            Looked(
                what=f"the applications of profile {self.profile}",
                rows=rows,
                elapsed_s=moment.elapsed_s,
                limit_s=moment.limit_s,
                trouble=self._trouble(),
            )
        )
