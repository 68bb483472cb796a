"""The syncs of one command, side by side: each application is looked at afresh, synced, and looked at again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue

from aiops import clock
from aiops.clients.kube import APPLICATION
from aiops.errors import Conflict, Refused, Unreachable
from aiops.judge.application import refresh_pending
from aiops.judge.expectation import Expected
from aiops.operations.picture import Picture
from aiops.operations.refresh import LOST_S, request_refresh
from aiops.operations.revision import Revision, read_revision
from aiops.operations.since import Since
from aiops.operations.sync_request import is_ours
from aiops.operations.sync_road import Road
from aiops.operations.sync_step import next_step
from aiops.operations.waiting import Answer, Inbox, Message, Moment, Questions, until
from aiops.progress.events import Looked, Row, State
from aiops.progress.results import Synced, SyncedApplication
from aiops.session import Session
from aiops.snapshot import Json

ASK_EVERY_S = 2.0
"""Pause between two refreshes of one application."""
GIT_EVERY_S = 15.0
"""How often the branch's head is read again while Argo CD sees another commit than was checked."""


@dataclass
class Course:
    """One application on its way."""

    expected: Expected
    detail: str = "reading"
    asked: float | None = None
    """When a refresh was asked for last, by `clock.monotonic`."""
    asked_at: str | None = None
    """Its `reconciledAt` then."""
    started: bool = False
    result: SyncedApplication | None = None


class Syncing:
    """Its methods run in the main thread."""

    def __init__(
        self, session: Session, revision: Revision, names: Sequence[str], road: Road, guard: Callable[[str, Json], None]
    ) -> None:
        """`guard` is called with a name and its object right before its sync; Refused fails that one alone."""
        expected = {each.name: each for each in revision.expected}
        self.session, self.revision, self.road, self.guard = session, revision, road, guard
        self.courses = [Course(expected[name]) for name in names]
        self.inbox: Inbox = SimpleQueue()
        self.questions = Questions(self.inbox)
        self.picture = Picture(session.kube, session.namespace, self.inbox)
        self.since_when = Since()
        self.moved = ""

    def run(self, limit_s: float) -> Synced:
        """The result, within `limit_s` seconds; raises what keeps any application from being synced."""
        try:
            return until(self.inbox, self._take, self._look, limit_s=limit_s)
        finally:
            self.picture.stop.set()

    def _take(self, message: Message) -> None:
        if not isinstance(message, Answer):
            return self.picture.take(message)
        self.questions.close(message)
        before = self.revision.commit
        if message.error is None and message.value.commit != before:
            moved = f"{self.revision.branch} moved from {before[:8]} to {message.value.commit[:8]} meanwhile"
            self.moved = f"{moved}: run it again, so that what is checked is what is synced"
        return None

    def _look(self, moment: Moment) -> Synced | None:
        if self.picture.complete and self.picture.connected:
            for course in self.courses:
                if course.result is None:
                    self._advance(course)
        self.session.report(
            Looked(
                what="the syncs",
                rows=tuple(self.since_when.stamp(_row(course)) for course in self.courses),
                elapsed_s=moment.elapsed_s,
                limit_s=moment.limit_s,
                trouble=self.picture.trouble(),
            )
        )
        if moment.over or all(course.result for course in self.courses):
            return self._end(moment)
        return None

    def _advance(self, course: Course) -> None:
        """Move one application one step on."""
        app = self.picture.applications.get(course.expected.name)
        course.started = course.started or (app is not None and is_ours(app, self.session.run))
        step = next_step(app, course.expected, self.session.run, asked_at=course.asked_at, started=course.started)
        course.detail, course.result = step.detail, step.result
        try:
            if self.moved and step.act in ("ask", "start") and not course.started:
                raise Refused(self.moved)
            if app is not None and step.act == "ask":
                self._ask(course, app)
            elif app is not None and step.act == "start":
                self._start(course, app)
        except Conflict:
            pass  # it changed under our hands: the next look judges it anew
        except Unreachable as error:
            course.detail = error.message
        except Refused as error:
            course.result = SyncedApplication(name=course.expected.name, outcome="failed", message=error.message)

    def _ask(self, course: Course, app: Json) -> None:
        """Ask Argo CD to look; again after a pause where it looked, and after a longer one where it does not answer."""
        pause_s = LOST_S if refresh_pending(app) else ASK_EVERY_S
        if course.asked is not None and clock.monotonic() - course.asked < pause_s:
            return
        if course.asked is not None:  # it looked, and that was not enough: the branch may have moved
            known, layers = self.revision, self.revision.delivery.inside
            self.questions.ask("revision", lambda: read_revision(self.session, layers, known), every_s=GIT_EVERY_S)
        self.picture.put(APPLICATION, request_refresh(self.session.kube, self.session.namespace, app))
        course.asked, course.asked_at = clock.monotonic(), app.get("status", {}).get("reconciledAt") or ""

    def _start(self, course: Course, app: Json) -> None:
        self.guard(course.expected.name, app)
        self.picture.put(APPLICATION, self.road.start(app))
        course.started = True

    def _end(self, moment: Moment) -> Synced:
        results = [course.result for course in self.courses if course.result is not None]
        failed = [result.name for result in results if result.outcome == "failed"]
        still = [course for course in self.courses if course.result is None]
        words = {name: sum(each.outcome == name for each in results) for name in ("synced", "unchanged")}
        summary, hint, code = ", ".join(f"{number} {word}" for word, number in words.items() if number), "", 0
        if failed:
            summary, code = f"sync failed: {', '.join(failed)}", 3
            hint = f"kubectl -n {self.session.namespace} describe application {failed[0]}"
        elif still:
            open_ones = "; ".join(f"{course.expected.name}: {course.detail}" for course in still)
            summary, code = f"after {moment.elapsed_s:.0f} s not through: {self.picture.trouble() or open_ones}", 4
            hint = f"`aiops sync {' '.join(course.expected.name for course in still)}` goes on from here"
        return Synced(summary=summary, hint=hint, exit_code=code, applications=tuple(results), road=self.road.name)


def _row(course: Course) -> Row:
    state: State = "waiting"
    if course.result is not None:
        state = "hopeless" if course.result.outcome == "failed" else "settled"
    name, layer, group = course.expected.name, course.expected.layer, course.expected.group
    detail = course.result.message if course.result else course.detail
    return Row(name=name, layer=layer, group=group, state=state, detail=detail)
