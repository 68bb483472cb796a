"""Why an object is not well: its own words, and its pods' beneath."""

from typing import Any

import pytest

from aiops.judge.resource import causes, judge_resource
from aiops.snapshot import Details, Json, Ref, ref_of
from tests.judge.saved import changed, saved

TRUE, FALSE = "True", "False"


def body(kind: str, spec: Any = None, status: Any = None, **meta: Any) -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "meter", "namespace": "meter", **meta},
        "spec": spec or {},
        "status": status or {},
    }


def condition(kind: str, status: str, message: str = "", reason: str = "") -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": status, "message": message, "reason": reason}]}


def counts(**more: int) -> dict[str, int]:
    return {"replicas": 2, "readyReplicas": 2, "updatedReplicas": 2, **more}


def details(*bodies: Json, events: tuple[Json, ...] = ()) -> Details:
    return Details({ref_of(each): each for each in bodies}, events)


WELL = {
    "Deployment": body("Deployment", {"replicas": 2}, counts()),
    "Deployment at 0": body("Deployment", {"replicas": 0}),
    "seen generation": body("Deployment", {"replicas": 2}, counts(observedGeneration=3), generation=3),
    "quota again": body("Deployment", {"replicas": 0}, condition("ReplicaFailure", FALSE)),
    "StatefulSet": body("StatefulSet", {"replicas": 2}, counts()),
    "ReplicaSet": body("ReplicaSet", {"replicas": 2}, {"readyReplicas": 2}),
    "DaemonSet": body("DaemonSet", {}, {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 2}),
    "Job": body("Job", {}, condition("Complete", TRUE)),
    "claim": body("PersistentVolumeClaim", {}, {"phase": "Bound"}),
    "Service": body("Service", {"type": "ClusterIP"}),
    "balanced": body("Service", {"type": "LoadBalancer"}, {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}),
    "no conditions": body("Anything"),
    "Ready": body("Anything", {}, condition("Ready", TRUE)),
    "not stalled": body("Anything", {}, condition("Stalled", FALSE)),
    "idle": body("ScaledObject", {}, condition("Active", FALSE)),
    "in its limits": body("HorizontalPodAutoscaler", {}, condition("ScalingLimited", FALSE)),
}


@pytest.mark.parametrize("each", WELL.values(), ids=WELL)
def test_well(each: Json) -> None:
    assert judge_resource(each, Details()) is None


QUOTA = condition("ReplicaFailure", TRUE, 'pods "m" is forbidden: exceeded quota')
ILL = [
    (body("Deployment", {"replicas": 2}, counts(readyReplicas=1)), "1 of 2 replicas ready", "yes"),
    (body("Deployment", {}, {"updatedReplicas": 1}), "0 of 1 replicas ready", "yes"),
    (body("Deployment", {"replicas": 2}, counts(updatedReplicas=1)), "1 of 2 replicas are of the newest spec", "yes"),
    (body("Deployment", {"replicas": 2}, counts(replicas=3)), "1 replicas of an older spec stay", "yes"),
    (body("Deployment", {"replicas": 2}, counts(), generation=3), "has not seen the newest spec", "yes"),
    (body("Deployment", {"paused": True}, counts()), "paused", "no"),
    (body("Deployment", {"replicas": 2}, QUOTA), "cannot make its pods: pods", "while others move"),
    (body("StatefulSet", {"replicas": 2}, counts(updatedReplicas=1)), "1 of 2 replicas are of the newest spec", "yes"),
    (body("ReplicaSet", {"replicas": 2}, {"readyReplicas": 1}), "1 of 2 replicas ready", "yes"),
    (body("ReplicaSet", {"replicas": 2}, QUOTA), "cannot make its pods: pods", "while others move"),
    (body("DaemonSet", {}, {"desiredNumberScheduled": 2}), "0 of 2 nodes have its newest spec", "yes"),
    (
        body("DaemonSet", {}, {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 1}),
        "1 of 2 nodes have it ready",
        "yes",
    ),
    (body("DaemonSet", {}, {}, generation=1), "has not seen the newest spec", "yes"),
    (body("Job"), "not complete yet", "yes"),
    (body("Job", {}, condition("Failed", TRUE, "BackoffLimitExceeded")), "failed: Backoff", "while others move"),
    (body("Job", {}, condition("Complete", FALSE)), "not complete yet", "yes"),
    (body("Job", {}, condition("Failed", FALSE)), "not complete yet", "yes"),
    (body("PersistentVolumeClaim", {}, {"phase": "Pending"}), "Pending: no volume", "yes"),
    (body("PersistentVolumeClaim", {}, {"phase": "Lost"}), "Lost: no volume", "yes"),
    (body("Service", {"type": "LoadBalancer"}), "no address yet", "yes"),
    (body("Anything", {}, condition("Ready", FALSE, "no issuer")), "Ready is False: no issuer", "yes"),
    (body("Anything", {}, condition("Ready", "Unknown", "", "Waits")), "Ready is Unknown: Waits", "yes"),
    (body("Anything", {}, condition("Stalled", TRUE)), "Stalled is True", "yes"),
]


@pytest.mark.parametrize(("each", "symptom", "hope"), ILL)
def test_ill(each: Json, symptom: str, hope: str) -> None:
    finding = judge_resource(each, Details())
    assert finding is not None
    assert symptom in finding.symptom
    assert (finding.hope, finding.about) == (hope, f"{each['kind']} meter/meter")


LABELS = {"app": "meter"}
NOT_READY = body("Deployment", {"selector": {"matchLabels": LABELS}}, {"updatedReplicas": 1})


def pod(name: str, reason: str, labels: dict[str, str] = LABELS, **meta: Any) -> Json:
    waiting = {"name": "c", "image": reason, "state": {"waiting": {"reason": reason, "message": reason}}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "meter", "labels": labels, **meta},
        "status": {"containerStatuses": [waiting]},
    }


def test_the_pod_with_the_least_hope_is_the_cause() -> None:
    finding = judge_resource(NOT_READY, details(pod("a", "ErrImagePull"), pod("b", "InvalidImageName")))
    assert finding is not None
    assert (finding.symptom, finding.cause) == ("0 of 1 replicas ready", "InvalidImageName: InvalidImageName")
    assert finding.hope == "no"
    assert [each.source for each in finding.evidence] == ["Pod meter/b", "container c"]


@pytest.mark.parametrize(
    "other",
    [
        pod("a", "InvalidImageName", {"app": "other"}),
        pod("a", "InvalidImageName", {}),
        changed(pod("a", "InvalidImageName"), "metadata.namespace", "other"),
    ],
)
def test_pods_of_others_do_not_count(other: Json) -> None:
    finding = judge_resource(NOT_READY, details(other))
    assert finding is not None
    assert (finding.cause, finding.hope) == ("", "yes")


def test_a_workload_without_a_selector_has_no_pods() -> None:
    service = body("Service", {"type": "LoadBalancer", "selector": LABELS})
    finding = judge_resource(service, details(pod("a", "InvalidImageName")))
    assert finding is not None
    assert finding.cause == ""


@pytest.mark.parametrize(("kind", "hope"), [("Deployment", "yes"), ("StatefulSet", "no")])
def test_pods_of_a_deployments_older_spec_do_not_count(kind: str, hope: str) -> None:
    """A StatefulSet waits for a broken pod of its older spec (kubernetes#67250), a Deployment does not."""
    old = pod("a", "InvalidImageName", {**LABELS, "pod-template-hash": "a"}, creationTimestamp="2026-11-23T04:28:00Z")
    new = pod("b", "ErrImagePull", {**LABELS, "pod-template-hash": "b"}, creationTimestamp="2026-11-23T04:29:00Z")
    finding = judge_resource({**NOT_READY, "kind": kind}, details(old, new))
    assert finding is not None
    assert finding.hope == hope


def test_a_pods_own_events_are_its_evidence() -> None:
    unschedulable = {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes"}]}
    one = {**pod("a", "", uid="1"), "status": unschedulable}
    events = tuple(
        {"reason": "TriggeredScaleUp", "message": f"for {uid}", "involvedObject": {"uid": uid}} for uid in "21"
    )
    finding = judge_resource(NOT_READY, details(one, events=events))
    assert finding is not None
    assert [str(each) for each in finding.evidence][1:] == ["event TriggeredScaleUp: for 1"]


def test_causes_are_of_the_applications_own_objects_the_worst_first() -> None:
    app = changed(saved("settled"), "status.resources", [
        {"kind": "Service", "namespace": "meter", "name": "meter"},
        {"kind": "Job", "group": "batch", "namespace": "meter", "name": "meter"},
        {"kind": "Service", "namespace": "meter", "name": "not-read"},
        {"kind": "Anything", "name": "of-the-cluster"},
    ])  # fmt: skip
    objects = {
        Ref("", "Service", "meter", "meter"): {**body("Service", {"type": "LoadBalancer"}), "apiVersion": "v1"},
        Ref("batch", "Job", "meter", "meter"): body("Job", {}, condition("Failed", TRUE, "x")),
        Ref("", "Anything", "", "of-the-cluster"): body("Anything", {}, condition("Ready", FALSE)),
        Ref("", "Service", "meter", "another"): body("Service", {"type": "LoadBalancer"}),
    }
    found = causes(app, Details(objects))
    assert [finding.about.split()[0] for finding in found] == ["Job", "Service", "Anything"]
