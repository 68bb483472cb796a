"""Phase 1: is the pod made? Texts of kube-apiserver 1.36 and of the issues that are named."""

from typing import Any

import pytest

from aiops.snapshot import Json
from tests.judge.models import (
    MODEL,
    ago,
    condition,
    deployment,
    event,
    judged,
    pending,
    placed,
    pod,
    replicaset,
    running,
    short,
)

PREFIX = "its pod cannot be made: "
EXCEEDED = (
    'pods "chat-1-a" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=1, '
    "used: requests.nvidia.com/gpu=1, limited: requests.nvidia.com/gpu=1"
)
ACCOUNT = 'pods "chat-1-" is forbidden: error looking up service account models/chat: serviceaccount "chat" not found'
DENIED = 'admission webhook "validate.kyverno.svc-fail" denied the request: policy Pod/models/chat-1-a'
WEBHOOK = (
    'Internal error occurred: failed calling webhook "mpod.kb.io": failed to call webhook: Post "https://k.svc:443": '
)


def failing(message: str, kind: str = "ReplicaSet") -> dict[str, Any]:
    """A look at a ReplicaSet, or its Deployment, with the condition that says why it has no pods."""
    conditions = [condition("ReplicaFailure", "True", message, "FailedCreate")]
    if kind == "ReplicaSet":
        return {"replicasets": (replicaset(status={"conditions": conditions}),)}
    return {"deployment": deployment(status={"observedGeneration": 2, "conditions": conditions})}


@pytest.mark.parametrize(
    ("message", "id", "fix"),
    [
        (EXCEEDED, "model.pod-quota", "kubectl -n models describe resourcequota"),
        ("insufficient quota to match these scopes: [{PriorityClass In [c]}]", "model.pod-quota", "resourcequota"),
        (ACCOUNT, "model.service-account", "ServiceAccount"),
        (DENIED, "model.pod-denied", "policy"),
        ('pods "c" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot', "model.pod-denied", "policy"),
        ('pods "c" is forbidden: ValidatingAdmissionPolicy \'p\' denied request: no', "model.pod-denied", "policy"),
        ('Pod "chat-1-a" is invalid: spec.containers[0].image: Required value', "model.pod-refused", "pod template"),
        ('pods "c" is forbidden: maximum memory usage per Container is 8Gi', "model.pod-refused", "pod template"),
    ],
    ids=["quota", "priority quota (GD1)", "service account (origin#3750)", "webhook", "pod security",
         "admission policy", "invalid", "limit range"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["ReplicaSet", "Deployment"])
def test_a_refusal_that_stays(kind: str, message: str, id: str, fix: str) -> None:
    stand = judged(**failing(message, kind))
    assert short(stand) == ("accepted", id, f"{PREFIX}{message}")
    assert fix in stand.fix
    (said,) = stand.evidence
    assert said.source.startswith(kind)
    assert said.source.endswith(", ReplicaFailure")
    assert said.at == ago(60)


@pytest.mark.parametrize(
    "message",
    [
        "etcdserver: request timed out",
        WEBHOOK + "dial tcp 10.0.0.1:443: connect: connection refused",
        WEBHOOK + "context deadline exceeded",
        WEBHOOK + 'no endpoints available for service "k"',
        WEBHOOK + "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        'failed calling webhook "mpod.kb.io": service "kueue-webhook-service" not found, forbidden',
        'pods "c" is forbidden: status unknown for quota: gpus, resources: requests.nvidia.com/gpu',
        "something that nobody has ever read",
    ],
    ids=["etcd", "webhook not up", "webhook slow", "webhook without pods (KQ2)", "webhook without CA",
         "webhook without Service", "a quota of a moment ago", "unknown"],
)  # fmt: skip
def test_a_refusal_that_passes(message: str) -> None:
    stand = judged(**failing(message))
    assert short(stand) == ("accepted", "", f"{PREFIX}{message}")
    assert stand.evidence


@pytest.mark.parametrize(
    "sign",
    ["failed calling webhook", "failed to call webhook", "connection refused", "connection reset by peer",
     "context deadline exceeded", "no endpoints available", "etcdserver: leader changed", "i/o timeout",
     "Too many requests"],
)  # fmt: skip
def test_one_that_passes_outweighs_what_else_it_says(sign: str) -> None:
    assert judged(**failing(f'pods "c" is forbidden: error looking up service account: {sign}')).hope == "yes"


def test_a_long_refusal_is_judged_by_all_of_it() -> None:
    assert judged(**failing("x" * 400 + "context deadline exceeded, is forbidden")).hope == "yes"


def test_the_event_of_a_replicaset_is_evidence_too() -> None:
    stand = judged(events=(event("FailedCreate", f"Error creating: {EXCEEDED}", of="rs-1"),))
    assert short(stand) == ("accepted", "model.pod-quota", f"{PREFIX}{EXCEEDED}")
    assert stand.evidence[0].source == "event FailedCreate"


def test_an_event_of_the_scale_up_before_is_not() -> None:
    """A ReplicaSet that is scaled to 0 and back keeps its uid, and its events stay for an hour."""
    stand = judged(events=(event("FailedCreate", EXCEEDED, ago_s=600, of="rs-1"),))
    assert short(stand) == ("accepted", "", "its pod is not made yet")


def test_other_events_and_conditions_are_not() -> None:
    events = (event("SuccessfulCreate", f"Created pod: {EXCEEDED}", of="rs-1"),)
    conditions = [condition("Progressing", "True", EXCEEDED)]
    assert judged(events=events, replicasets=(replicaset(status={"conditions": conditions}),)).hope == "yes"


@pytest.mark.parametrize(("scaled_s", "id"), [(5, ""), (10, "model.pod-quota")], ids=["before", "at the scale-up"])
def test_an_event_of_a_moment_ago_may_be_of_the_scale_up_before(scaled_s: float, id: str) -> None:
    """Who frees the quota and tries again at once must not be told of it once more."""
    owned: Json = {"f:spec": {"f:replicas": {}}}
    body = deployment()
    body["metadata"]["managedFields"] = [{"manager": "aiops", "time": ago(scaled_s), "fieldsV1": owned}]
    events = (event("FailedCreate", f"Error creating: {EXCEEDED}", ago_s=10, of="rs-1"),)
    assert judged(deployment=body, events=events).id == id


def test_an_event_of_another_replicaset_is_not() -> None:
    assert judged(events=(event("FailedCreate", EXCEEDED, of="rs-9"),)).hope == "yes"


def test_a_condition_that_is_over_is_not() -> None:
    over = condition("ReplicaFailure", "False", EXCEEDED)
    assert judged(replicasets=(replicaset(status={"conditions": [over]}),)).hope == "yes"


def test_a_quota_that_a_pod_gives_back_soon() -> None:
    """A ReplicaSet does not wait for its ending pods, and the quota still counts them."""
    stand = judged(placed(running(), going=ago(5)), **failing(EXCEEDED))
    assert short(stand) == ("accepted", "", f"{PREFIX}{EXCEEDED}; a GPU pod that is ending still counts")


@pytest.mark.parametrize(
    "other",
    [placed(running(), of="rs-9"), placed(running(), of="rs-9", spec={"containers": [{"name": "c"}]}, going=ago(5))],
    ids=["a pod that stays", "a pod without a GPU"],
)
def test_a_quota_that_nobody_gives_back(other: Json) -> None:
    assert judged(other, **failing(EXCEEDED)).hope == "no"


def test_a_policy_is_not_given_back() -> None:
    assert judged(placed(running(), going=ago(5)), **failing(DENIED)).hope == "no"


def test_progress_deadline_exceeded_says_nothing() -> None:
    """600 s by default, less than a GPU node, its image and its weights take (kestra#17781)."""
    late = [condition("Progressing", "False", "ReplicaSet has timed out progressing.", "ProgressDeadlineExceeded")]
    body = deployment(status={"observedGeneration": 2, "conditions": late})
    assert judged(deployment=body).hope == "yes"
    assert judged(pending(), deployment=body).hope == "yes"


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        (
            {"deployment": deployment(status={"observedGeneration": 1})},
            "its controller has not seen the newest spec yet",
        ),
        ({"deployment": deployment(status={})}, "its controller has not seen the newest spec yet"),
        ({"replicasets": (), "pods": (pending(),)}, "its controller has not seen the newest spec yet"),
        ({}, "its pod is not made yet"),
    ],
    ids=["older generation", "no status", "no ReplicaSet", "no pod"],
)
def test_what_it_waits_for(changes: Json, detail: str) -> None:
    assert short(judged(**changes)) == ("accepted", "", detail)


def test_a_pod_of_an_older_spec_is_no_sign() -> None:
    """Until the controller has seen the newest spec, the pod that is there may be of the one before."""
    old = deployment(status={"observedGeneration": 1})
    assert judged(placed(running(), ready=True), deployment=old).phase == "accepted"


def test_scaled_to_0() -> None:
    body = deployment()
    body["spec"]["replicas"] = 0
    assert short(judged(deployment=body)) == ("accepted", "", "it is scaled to 0")


@pytest.mark.parametrize(
    ("others", "detail"),
    [
        ([placed(running(), going=ago(5))], "a pod of before is still ending"),
        ([placed(running(), of="rs-0", going=ago(5))], "a pod of before is still ending"),
        (
            [pod(status={"phase": "Failed", "reason": "UnexpectedAdmissionError"})],
            "its last pod ended (UnexpectedAdmissionError) and a new one is to be made",
        ),
        ([placed(running(), of="rs-9", going=ago(5))], "its pod is not made yet"),
        ([placed(running(), of="rs-2", going=ago(5))], "its pod is not made yet"),
        ([placed(running(), of="rs-0")], "its pod is not made yet"),
    ],
    ids=[
        "ending",
        "ending, of the template before",
        "ended",
        "of nobody here",
        "of another Deployment",
        "it runs, of the template before",
    ],
)
def test_a_pod_of_before_holds_it_up(others: list[Json], detail: str) -> None:
    """With strategy Recreate the controller makes no pod before the last one is gone."""
    other = replicaset(2)
    other["metadata"]["ownerReferences"] = [{"kind": "Deployment", "uid": "other"}]
    stand = judged(*others, replicasets=(replicaset(0), replicaset(1), other))
    assert short(stand) == ("accepted", "", detail)


def test_of_several_that_ended_the_newest_is_named() -> None:
    others = [
        pod(name=reason, made_s=made_s, status={"phase": "Failed", "reason": reason})
        for reason, made_s in (("Evicted", 30), ("OutOfcpu", 20), ("NodeLost", 40))
    ]
    assert "its last pod ended (OutOfcpu)" in judged(*others).detail
    assert "its last pod ended (Succeeded)" in judged(pod(status={"phase": "Succeeded"})).detail


def test_the_model_is_known_from_the_first_look() -> None:
    assert MODEL.name in judged().detail
