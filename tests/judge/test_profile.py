"""Applications together: what only the others, discovery, the tree and time can decide."""

from datetime import timedelta
from typing import Any

import pytest

from aiops.judge.delivery import Delivery, missing_kinds
from aiops.judge.profile import Judged, judge_profile
from aiops.snapshot import Details, Json, Ref, Snapshot, Unread
from tests.judge.layers import POLICY, crd, delivery, of
from tests.judge.saved import HEAD, OLD, at, changed, expected, failed, saved, with_changes

RETRYING = saved("retrying")
AGAIN = changed(RETRYING, "status.operationState.finishedAt", None)
"""Between two pauses: a further try is under way."""
USED_UP = changed(changed(RETRYING, "operation", None), "status.operationState.phase", "Failed")
STARTED = USED_UP["status"]["operationState"]["startedAt"]
NEEDED = frozenset(missing_kinds(RETRYING, frozenset()))
WITHOUT, ALL = NEEDED - {POLICY}, NEEDED | {("apiextensions.k8s.io", "CustomResourceDefinition")}
DOORMAN = expected(name="doorman", heads={0: ("main", OLD), 1: ("main", OLD)})
SETTLED, MOVING = saved("settled"), changed(saved("settled"), "status.health.status", "Progressing")
DEGRADED = changed(saved("settled"), "status.health.status", "Degraded")
SKIP = "argocd.argoproj.io/skip-reconcile"
WENT_BAD = at("04:28:37")
LONG_AFTER = WENT_BAD + timedelta(seconds=60)


def judge(
    app: Json,
    *,
    beside: Json = SETTLED,
    known: frozenset[tuple[str, str]] | None = ALL,
    tree: Delivery | None = None,
    details: Details | None = None,
    revived: str | None = None,
    taken: Any = LONG_AFTER,
) -> Judged:
    """The first of two applications, as judged beside the other one."""
    wanted = expected(name=app["metadata"]["name"], heads=DOORMAN.heads if "sources" in app["spec"] else {})
    other = changed(beside, "status.resources", [{"kind": "Service", "namespace": "other", "name": "other"}])
    snapshot = Snapshot(
        taken=taken,
        applications={wanted.name: app, "other": other},
        applicationsets={},
        known_kinds=known,
        details=details or Details(),
    )
    tried = {wanted.name: revived} if revived else {}
    return judge_profile(snapshot, (wanted, expected(name="other", heads={})), tree or delivery(), None, tried)[0]


@pytest.mark.parametrize("app", [RETRYING, AGAIN, USED_UP], ids=["retrying", "once more", "used up"])
@pytest.mark.parametrize("manifest", [crd(*POLICY), of("agentgateway.dev")], ids=["its CRD", "its group"])
def test_deferred_where_a_layer_beyond_the_profile_brings_the_kind(app: Json, manifest: str) -> None:
    judged = judge(app, known=WITHOUT, tree=delivery(roof=manifest))
    assert judged.verdict.state == "deferred"
    assert judged.verdict.detail == "needs AgentgatewayPolicy (agentgateway.dev), which layer roof brings"


def test_what_is_stuck_for_another_reason_is_not_deferred() -> None:
    """It uses a kind that is missing, but that is not why it fails."""
    unknown = {"type": "UnknownError", "message": "destination server is not known"}
    app = changed(changed(RETRYING, "operation", None), "status.operationState", None)
    judged = judge(changed(app, "status.conditions", [unknown]), known=WITHOUT, tree=delivery(roof=crd(*POLICY)))
    assert judged.verdict.state == "hopeless"
    assert judged.verdict.detail == "UnknownError: destination server is not known"


@pytest.mark.parametrize(
    ("manifests", "known", "detail"),
    [
        ({}, WITHOUT, "no enabled group of any layer brings"),
        ({"walls": crd(*POLICY)}, WITHOUT, "layer walls should have brought"),
        ({"walls": crd(*POLICY), "roof": of("agentgateway.dev")}, WITHOUT, "layer walls should have brought"),
        ({"roof": crd(*POLICY)}, WITHOUT - {("apps", "Deployment")}, "needs Deployment (apps), which no enabled"),
    ],
    ids=["nobody", "within", "within and used beyond", "one of two"],
)
def test_hopeless_where_no_wider_profile_would_help(
    manifests: dict[str, str], known: frozenset[tuple[str, str]], detail: str
) -> None:
    judged = judge(RETRYING, known=known, tree=delivery(**manifests))
    assert judged.verdict.state == "hopeless"
    assert detail in judged.verdict.detail


@pytest.mark.parametrize(
    "change",
    [{"beside": MOVING}, {"known": None}],
    ids=["something else moves", "discovery was not read"],
)
@pytest.mark.parametrize("tree", [delivery(), delivery(roof=crd(*POLICY))], ids=["nobody", "beyond"])
def test_a_missing_kind_is_not_decided_on_too_early(change: dict[str, Any], tree: Delivery) -> None:
    assert judge(RETRYING, **{"known": WITHOUT, "tree": tree, **change}).verdict.state == "waiting"


@pytest.mark.parametrize(
    "beside",
    [RETRYING, AGAIN, USED_UP, DEGRADED, changed(SETTLED, "metadata.annotations", {SKIP: "true"})],
    ids=["retrying", "once more", "used up", "degraded", "hopeless"],
)
def test_what_is_stuck_itself_does_not_count_as_moving(beside: Json) -> None:
    judged = judge(RETRYING, beside=beside, known=WITHOUT, tree=delivery(roof=crd(*POLICY)))
    assert judged.verdict.state == "deferred"


def test_a_retry_is_left_to_argocd_once_the_kind_is_known() -> None:
    judged = judge(RETRYING)
    assert (judged.verdict.state, judged.revive) == ("waiting", False)


@pytest.mark.parametrize("beside", [SETTLED, MOVING], ids=["alone", "something else moves"])
def test_a_used_up_sync_is_revived_as_soon_as_its_kind_is_known(beside: Json) -> None:
    judged = judge(USED_UP, beside=beside)
    assert (judged.verdict.state, judged.revive) == ("waiting", True)


def test_a_first_try_is_on_its_way() -> None:
    first = changed(AGAIN, "status.operationState.retryCount", None)
    assert judge(first, known=WITHOUT, tree=delivery(roof=crd(*POLICY))).verdict.state == "waiting"


@pytest.mark.parametrize(("beside", "revive"), [(SETTLED, True), (MOVING, False)], ids=["alone", "others move"])
def test_any_other_failure_is_revived_once_nothing_moves(beside: Json, revive: bool) -> None:
    judged = judge(with_changes("settled", failed("webhook refused it")), beside=beside)
    assert (judged.verdict.state, judged.revive) == ("waiting", revive)


@pytest.mark.parametrize(
    ("revived", "beside", "state"),
    [
        (STARTED, SETTLED, "waiting"),  # the new sync is not to be seen yet
        ("2026-11-23T03:40:00Z", SETTLED, "hopeless"),
        ("2026-11-23T03:40:00Z", MOVING, "waiting"),
    ],
    ids=["not seen yet", "failed again", "failed again while others move"],
)
def test_a_sync_is_revived_no_second_time(revived: str, beside: Json, state: str) -> None:
    judged = judge(USED_UP, revived=revived, beside=beside)
    assert (judged.verdict.state, judged.revive) == (state, False)


@pytest.mark.parametrize(
    ("seconds", "beside", "state"),
    [(59, SETTLED, "waiting"), (60, SETTLED, "hopeless"), (600, MOVING, "waiting")],
    ids=["within grace", "after it", "while others move"],
)
def test_degraded_has_a_grace(seconds: int, beside: Json, state: str) -> None:
    judged = judge(DEGRADED, beside=beside, taken=WENT_BAD + timedelta(seconds=seconds))
    assert judged.verdict.state == state


def test_a_young_condition_is_within_grace_too() -> None:
    error = {"type": "UnknownError", "message": "x", "lastTransitionTime": "2026-11-23T04:29:00Z"}
    assert judge(with_changes("settled", {"status.conditions": [error]})).verdict.state == "waiting"


def deployment(reason: str, message: str = "", restarts: int = 0) -> Details:
    """The application's Deployment with one pod whose container waits for this reason."""
    labels, where = {"app": "meter"}, {"name": "meter", "namespace": "meter"}
    container = {"name": "c", "image": "i", "state": {"waiting": {"reason": reason, "message": message}}}
    pod = {
        "metadata": {**where, "labels": labels},
        "status": {"containerStatuses": [{**container, "restartCount": restarts}]},
    }
    body = {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": where,
        "spec": {"selector": {"matchLabels": labels}},
    }
    return Details({Ref("apps", "Deployment", "meter", "meter"): body, Ref("", "Pod", "meter", "meter"): pod})


NO_HOPE, SOME, HOPE = (
    deployment("InvalidImageName"),
    deployment("CreateContainerConfigError", 'secret "s" not found'),
    deployment("ErrImagePull"),
)


@pytest.mark.parametrize(
    ("details", "beside", "state"),
    [
        (NO_HOPE, MOVING, "hopeless"),
        (SOME, MOVING, "waiting"),
        (SOME, SETTLED, "hopeless"),
        (HOPE, SETTLED, "waiting"),
    ],
)
def test_what_lies_beneath_decides_at_once_or_when_alone(details: Details, beside: Json, state: str) -> None:
    judged = judge(MOVING, beside=beside, details=details)
    assert judged.verdict.state == state
    assert judged.verdict.detail.startswith("Progressing: Deployment meter/meter: ")


def test_what_lies_beneath_a_settled_application_is_not_asked() -> None:
    judged = judge(SETTLED, details=NO_HOPE)
    assert (judged.verdict.state, judged.findings) == ("settled", ())


@pytest.mark.parametrize("details", [NO_HOPE, SOME])
def test_what_a_sync_is_still_to_mend_only_explains(details: Details) -> None:
    judged = judge(changed(SETTLED, "status.sync.status", "OutOfSync"), details=details)
    assert judged.verdict.state == "waiting"
    assert "Deployment meter/meter" in judged.verdict.detail


@pytest.mark.parametrize(("revision", "state"), [(HEAD, "hopeless"), (OLD, "waiting")])
def test_a_sync_that_waits_for_what_has_no_hope(revision: str, state: str) -> None:
    operation = {
        "phase": "Running",
        "message": "waiting for healthy state of apps/Deployment/meter",
        "syncResult": {"revision": revision},
    }
    app = changed(SETTLED, "status.operationState", operation)
    wanted = expected()
    snapshot = Snapshot(taken=LONG_AFTER, applications={"meter": app}, applicationsets={}, details=NO_HOPE)
    (judged,) = judge_profile(snapshot, (wanted,), delivery(), None, {})
    assert judged.verdict.state == state


SUSPENDED = with_changes(
    "settled",
    {
        "status.health.status": "Suspended",
        "status.resources": [{"group": "x.dev", "kind": kind, "namespace": "n", "name": "m"} for kind in
                             ("ScaledObject", "InferenceService", "CronJob")],
    },
)  # fmt: skip
PAUSED, STOP = "autoscaling.keda.sh/paused", "serving.kserve.io/stop"


@pytest.mark.parametrize(
    ("kind", "annotations", "detail"),
    [
        ("ScaledObject", {PAUSED: "true"}, "ScaledObject n/m is paused"),
        ("ScaledObject", {f"{PAUSED}-replicas": "0"}, "ScaledObject n/m is paused"),
        ("InferenceService", {STOP: "true"}, "InferenceService n/m is stopped"),
        ("ScaledObject", {PAUSED: "false"}, None),
        ("InferenceService", {STOP: "false"}, None),
        ("ScaledObject", None, None),
        ("CronJob", {PAUSED: "true", STOP: "true"}, None),
    ],
)
def test_suspended_is_an_end_only_on_purpose(kind: str, annotations: dict[str, str] | None, detail: str | None) -> None:
    body = {"kind": kind, "metadata": {"annotations": annotations}}
    judged = judge(SUSPENDED, details=Details({Ref("x.dev", kind, "n", "m"): body}))
    assert judged.verdict.state == ("suspended" if detail else "hopeless")
    assert judged.verdict.detail == (detail or "Suspended, and nothing is known to be paused")


def test_suspended_by_what_may_not_be_seen_is_nobodys_verdict() -> None:
    judged = judge(SUSPENDED, details=Details(unread=(Unread("scaledobjects in n", "forbidden"),)))
    assert judged.verdict.state == "waiting"


def test_order_and_completeness() -> None:
    names = ["c", "a", "b"]
    snapshot = Snapshot(taken=LONG_AFTER, applications={"a": SETTLED}, applicationsets={})
    judged = judge_profile(snapshot, [expected(name=name) for name in names], delivery(), None, {})
    assert [each.expected.name for each in judged] == names
    assert [each.verdict.state for each in judged] == ["waiting", "settled", "waiting"]
