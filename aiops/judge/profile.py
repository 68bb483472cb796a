"""How the applications of a profile stand together: what of them is settled, deferred, hopeless, or on its way.

One application alone cannot tell whether its failed sync is a matter of time: that depends on whether anything
else is still moving, on what discovery knows by now, and on what a wider profile would bring.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aiops.judge.application import Verdict, judge_application
from aiops.judge.delivery import Brings, GroupKind, missing_kinds, words
from aiops.judge.expectation import Expected
from aiops.judge.finding import Finding, Hope
from aiops.judge.resource import causes, pause
from aiops.snapshot import Json, Snapshot, moment

FAILING = ("retrying", "retries used up")
"""An application is stuck because its sync fails: only that can be for a kind that is missing."""
GRACE = timedelta(seconds=60)
"""How long a Degraded application may stay so, with everything else at rest, before it is called hopeless:
rollouts and operators pass through Degraded (argo-cd #26173, #6013)."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One application's verdict with what it rests on."""

    expected: Expected
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    revive: bool = False
    """Its retries are used up and their cause is gone: only a new sync gets it going."""


def judge_profile(
    snapshot: Snapshot,
    expected: Sequence[Expected],
    delivery: Brings,
    since: datetime | None,
    revived: Mapping[str, str],
) -> tuple[Judged, ...]:
    """The verdict on every expected application, in their order.

    `revived` holds the operation (its `startedAt`) whose failure made the caller sync an application again:
    the same application failing once more after that is not revived without end.
    """
    first = []
    for each in expected:
        app = snapshot.applications.get(each.name)
        verdict = judge_application(app, each, since)
        findings = causes(app, snapshot.details) if app and verdict.unwell else ()
        first.append(_with_findings(Judged(expected=each, verdict=verdict, findings=findings), snapshot))
    moving = any(each.verdict.state == "waiting" and not each.verdict.stuck for each in first)
    return tuple(_stuck(each, snapshot, delivery, moving, revived) for each in first)


def _with_findings(judged: Judged, snapshot: Snapshot) -> Judged:
    """Let what lies beneath an application explain it, and say whether it can still come right.

    The latter only where it is what git asks for: an object that a sync is still to mend explains and no more.
    """
    verdict, app = judged.verdict, snapshot.applications.get(judged.expected.name)
    if verdict.state == "suspended" and app is not None:
        return replace(judged, verdict=_suspended(verdict, app, snapshot))
    if not judged.findings or verdict.state != "waiting":
        return judged
    leading = judged.findings[0]
    detail = f"{verdict.detail}: {leading.about}: {leading.cause or leading.symptom}"
    verdict = replace(verdict, detail=detail)
    if verdict.applied:
        verdict = _without_hope(verdict, leading.hope)
    return replace(judged, verdict=verdict)


def _without_hope(verdict: Verdict, hope: Hope) -> Verdict:
    if hope == "no":
        return replace(verdict, state="hopeless")
    return replace(verdict, stuck="unwell") if hope == "while others move" else verdict


def _suspended(verdict: Verdict, app: Json, snapshot: Snapshot) -> Verdict:
    """Suspended counts as an end only where somebody paused it on purpose."""
    why = pause(app, snapshot.details)
    if why is not None:
        return replace(verdict, detail=why)
    detail = "Suspended, and nothing is known to be paused"
    # what may not be seen may be what is paused: then nobody can call it hopeless
    return replace(verdict, state="waiting", detail=detail, stuck="" if snapshot.details.unread else "unwell")


def _stuck(judged: Judged, snapshot: Snapshot, delivery: Brings, moving: bool, revived: Mapping[str, str]) -> Judged:
    """Decide on what does not move by itself, once it can be decided."""
    verdict, app = judged.verdict, snapshot.applications.get(judged.expected.name)
    if verdict.state != "waiting" or not verdict.stuck or app is None or snapshot.known_kinds is None:
        return judged
    missing = missing_kinds(app, snapshot.known_kinds) if verdict.stuck in FAILING else ()
    if missing:
        return replace(judged, verdict=_needs(verdict, missing, delivery, moving))
    if verdict.stuck == "retries used up":
        return _failed(judged, app, moving, revived)
    if moving or verdict.stuck == "retrying" or _young(app, snapshot.taken):
        return judged
    return replace(judged, verdict=replace(verdict, state="hopeless"))


def _needs(verdict: Verdict, missing: tuple[GroupKind, ...], delivery: Brings, moving: bool) -> Verdict:
    if moving:
        return replace(verdict, detail=f"needs {words(missing)}, which the cluster does not know yet")
    for kind in missing:
        # first of all: a profile's own layer that did not bring it is no reason to wait for a wider profile
        if layer := delivery.layer_within(kind):
            why = f"which layer {layer} should have brought"
            return replace(verdict, state="hopeless", detail=f"needs {words((kind,))}, {why}")
    beyond = {kind: delivery.layer_beyond(kind) for kind in missing}
    if nobody := tuple(kind for kind, layer in beyond.items() if not layer):
        why = "which no enabled group of any layer brings"
        return replace(verdict, state="hopeless", detail=f"needs {words(nobody)}, {why}")
    layers = " and ".join(dict.fromkeys(f"layer {layer}" for layer in beyond.values()))
    return replace(verdict, state="deferred", detail=f"needs {words(missing)}, which {layers} brings")


def _failed(judged: Judged, app: Json, moving: bool, revived: Mapping[str, str]) -> Judged:
    """A failed sync whose kinds are all known now: try once more, when whatever it waited for can be there."""
    if judged.expected.name in revived:
        ended = app["status"]["operationState"].get("startedAt")
        if revived[judged.expected.name] == ended or moving:
            return judged
        return replace(judged, verdict=replace(judged.verdict, state="hopeless"))
    named_a_kind = "could not find" in judged.verdict.detail or "failed to discover" in judged.verdict.detail
    return replace(judged, revive=named_a_kind or not moving)


def _young(app: Json, now: datetime) -> bool:
    """What is wrong with it has been so for less than GRACE."""
    status = app.get("status", {})
    changes = [status.get("health"), *(status.get("conditions") or ())]
    times = [moment(each.get("lastTransitionTime")) for each in changes if each]
    return any(now - time < GRACE for time in times if time is not None)
