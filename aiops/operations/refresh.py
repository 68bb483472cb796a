"""Asks Argo CD to look again at what looks stale: a bounded number at a time, and less often where it is no use."""

import secrets
from collections.abc import Iterable

from aiops import clock
from aiops.clients.kube import APPLICATION, APPLICATIONSET, Kube
from aiops.errors import Conflict, NotFound, Unreachable
from aiops.judge import application, applicationset
from aiops.judge.operation import operation_of
from aiops.judge.profile import Judged
from aiops.operations.picture import Picture
from aiops.snapshot import Json

AT_ONCE = 16
"""Refreshes under way at the same time; Argo CD's controller works on 20 applications by default."""
FIRST_S, GROWTH, LONGEST_S = 2.0, 1.5, 15.0
"""Pause before the second refresh of an application that did not change, its growth, and its limit."""
LOST_S = 5.0
"""After so long without an answer a refresh counts as lost, and is asked for again."""


def request_refresh(kube: Kube, namespace: str, app: Json) -> Json:
    """Ask Argo CD to look at an application again; the application as written.

    One that has been asked for and is not answered is taken back first, because the same value again would be no
    change: Argo CD can lose a refresh that comes while it works on an earlier one (argo-cd #28392, #28306; on 3.5.7
    one stayed unanswered for five minutes, until a later poll).
    """
    name = app["metadata"]["name"]
    if application.refresh_pending(app):
        kube.merge_patch(APPLICATION, name, namespace, _annotated(None))
    return kube.merge_patch(APPLICATION, name, namespace, _annotated("normal"))


def _annotated(value: str | None) -> Json:
    return {"metadata": {"annotations": {application.REFRESH: value}}}


class Refresher:
    """Remembers when each application was asked last, and what it looked like then."""

    def __init__(self, kube: Kube, namespace: str, picture: Picture) -> None:
        self._kube, self._namespace, self._picture = kube, namespace, picture
        self._asked: dict[str, tuple[str, float, float]] = {}
        self._pending: dict[str, float] = {}
        self._sets: dict[str, tuple[str, float]] = {}

    def refresh(self, judged: Iterable[Judged]) -> bool:
        """Refresh what is stale and due; True where something was asked."""
        open_ones = [each for each in judged if each.verdict.state not in ("settled", "manual", "deferred")]
        lost = [each for each in open_ones if self._lost(each)]
        pending = sum(map(application.refresh_pending, self._picture.applications.values()))
        due = [each for each in open_ones if self._due(each)]
        asked = [*lost[:AT_ONCE], *due[: max(0, AT_ONCE - pending)]]
        for each in asked:
            if not self._ask(each):
                break
        return bool(asked)

    def refresh_set(self, name: str, commit: str) -> None:
        """Ask an ApplicationSet for a new pass that reads git, once for each commit that git shows."""
        if self._sets.get(name, ("", 0.0))[0] == commit or name not in self._picture.applicationsets:
            return
        # a value of its own: the same one again would be no change, and be taken for answered by an earlier pass
        note = {"metadata": {"annotations": {applicationset.REFRESH: f"{secrets.token_hex(4)}-{commit}"}}}
        try:
            body = self._kube.merge_patch(APPLICATIONSET, name, self._namespace, note)
        except (Unreachable, NotFound, Conflict):
            return  # the watch tells of both; the next look decides again
        self._picture.put(APPLICATIONSET, body)
        self._sets[name] = (commit, clock.monotonic())

    def asked_s(self, name: str, commit: str) -> float | None:
        """For how many seconds an ApplicationSet has been asked to read this commit; None: it was not."""
        asked, at = self._sets.get(name, ("", 0.0))
        return clock.monotonic() - at if asked == commit else None

    def _lost(self, judged: Judged) -> bool:
        """It was asked for, by anybody, and has not been answered for a while."""
        name = judged.expected.name
        app = self._picture.applications.get(name)
        if app is None or not application.refresh_pending(app):
            self._pending.pop(name, None)
            return False
        return clock.monotonic() - self._pending.setdefault(name, clock.monotonic()) >= LOST_S

    def _due(self, judged: Judged) -> bool:
        app = self._picture.applications.get(judged.expected.name)
        if app is None or not judged.verdict.stale or application.refresh_pending(app):
            return False
        if not operation_of(app).over:
            return False
        detail, at, pause = self._asked.get(judged.expected.name, ("", 0.0, 0.0))
        return detail != judged.verdict.detail or clock.monotonic() - at >= pause

    def _ask(self, judged: Judged) -> bool:
        name, detail = judged.expected.name, judged.verdict.detail
        try:
            body = request_refresh(self._kube, self._namespace, self._picture.applications[name])
        except (Unreachable, NotFound, Conflict):
            return False  # the watch tells of both; the next look decides again
        self._picture.put(APPLICATION, body)
        before, _, pause = self._asked.get(name, ("", 0.0, 0.0))
        longer = min(LONGEST_S, pause * GROWTH) if before == detail else FIRST_S
        self._asked[name] = (detail, clock.monotonic(), longer)
        self._pending[name] = clock.monotonic()
        return True
