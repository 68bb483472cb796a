"""What may be switched off wholesale, what is left alone and why, and which pods are whose."""

from typing import Any

import pytest

from aiops.judge.raised import Raised
from aiops.judge.stoppable import Running, gpu_pods, pods_of, running_models
from aiops.snapshot import Json
from tests.judge import models
from tests.judge.models import GPU, container, spec
from tests.judge.saved import changed

LABELS = {"app": "chat"}
TRACKING_ID, RAISED = "argocd.argoproj.io/tracking-id", "aiops.dev/raised-by"
RAISED_BY = Raised(run="r-1", command="vllm-up", user="ann@host", at="2026-11-23T04:28:35Z").annotation()
OURS = {TRACKING_ID: "chat:apps/Deployment:models/chat"}


def deployment(replicas: int = 1, selector: Json | None = None, gpus: int = 1, **meta: Any) -> Json:
    """A Deployment that asks for a GPU; its pods have `LABELS` where nothing else is said."""
    body = models.deployment(spec(containers=[container(resources={"limits": {GPU: gpus}} if gpus else {})]))
    body["spec"] |= {"replicas": replicas, "selector": {"matchLabels": LABELS} if selector is None else selector}
    body["metadata"] |= meta
    return body


def pod(
    name: str = "chat-1-a", owner: str = "ReplicaSet chat-1", labels: Json | None = LABELS, phase: str = "Running",
    **changes: Any,
) -> Json:  # fmt: skip
    body = models.pod(name, **changes)
    kind, _, of = owner.partition(" ")
    owners = [{"kind": kind, "name": of, "uid": of, "controller": True}] if owner else None
    body["metadata"] |= {"labels": labels, "ownerReferences": owners}
    body["status"] = {"phase": phase}
    return body


def one(body: Json) -> Running:
    [found] = running_models([body], [])
    return found


@pytest.mark.parametrize(
    "meta",
    [
        {"annotations": OURS},
        {"annotations": {TRACKING_ID: "argocd_chat:apps/Deployment:models/chat"}},
        {"labels": {"argocd.argoproj.io/instance": "chat"}},
        {"annotations": {RAISED: RAISED_BY}},
        {"annotations": {RAISED: RAISED_BY, TRACKING_ID: "other:apps/Deployment:models/other"}},
        {"annotations": OURS, "ownerReferences": [{"kind": "Group", "name": "g", "controller": False}]},
    ],
    ids=["tracking id", "of an app in a namespace", "Argo CD's label", "raised by aiops", "a copy that was raised",
         "an owner that does not control it"],
)  # fmt: skip
def test_what_may_be_lowered(meta: Json) -> None:
    assert one(deployment(**meta)) == Running("Deployment", "models", "chat", 1)


BY_HAND = "`kubectl -n models scale deployment chat --replicas=0` stops it"


@pytest.mark.parametrize(
    "meta",
    [
        {},
        {"annotations": None, "labels": None},
        {"annotations": {TRACKING_ID: "chat:apps/Deployment:models/first-chat"}},
        {"annotations": {TRACKING_ID: "chat:apps/Deployment:other/chat"}},
        {"annotations": {TRACKING_ID: "chat:apps/StatefulSet:models/chat"}},
        {"annotations": {TRACKING_ID: "chat:apps/Deployment:models/chat-2"}},
        {"labels": {"app.kubernetes.io/instance": "chat", "app.kubernetes.io/managed-by": "Helm"}},
        {"annotations": {RAISED: "by hand"}},
    ],
    ids=["nothing", "null", "a copy of another", "a copy from another namespace", "of another kind", "of a longer name",
         "Helm's label alone", "an annotation that aiops did not write"],
)  # fmt: skip
def test_what_nobody_here_put_there_is_left_and_named(meta: Json) -> None:
    assert one(deployment(**meta)).why_not == f"neither Argo CD nor aiops put it there; {BY_HAND}"


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("InferenceService", "InferenceService talk would bring it back; `aiops pause models/talk` stops it"),
        ("LeaderSet", "LeaderSet talk would bring it back"),
    ],
)
def test_what_its_owner_would_bring_back_is_left(kind: str, why: str) -> None:
    owner = {"kind": kind, "name": "talk", "controller": True}
    assert one(deployment(annotations=OURS, ownerReferences=[{"kind": "X", "name": "x"}, owner])).why_not == why


@pytest.mark.parametrize(
    ("replicas", "gpus", "asked"), [(1, 1, 1), (3, 2, 6), (0, 1, None), (1, 0, None)],
    ids=["one", "all its pods together", "at 0", "on the CPU"],
)  # fmt: skip
def test_how_many_gpus_it_wants(replicas: int, gpus: int, asked: int | None) -> None:
    found = running_models([deployment(replicas, gpus=gpus)], [])
    assert [each.gpus for each in found] == ([] if asked is None else [asked])


def test_without_a_number_of_replicas_it_is_one() -> None:
    assert one(changed(deployment(), "spec.replicas", None)).gpus == 1


@pytest.mark.parametrize("replicas", [1, 0], ids=["up", "lowered, its pod still going"])
def test_the_pods_of_a_deployment_are_not_named_beside_it(replicas: int) -> None:
    found = running_models([deployment(replicas)], [pod(), pod("b", going=models.ago(5))])
    assert [str(each) for each in found] == ["Deployment models/chat"] * replicas


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (pod(owner=""), "of nobody, no Deployment's"),
        (pod(owner="Job train"), "of Job train, no Deployment's"),
        (pod(labels={"app": "other"}), "of ReplicaSet chat-1, no Deployment's"),
        (pod(labels=None), "of ReplicaSet chat-1, no Deployment's"),
        (pod(owner="StatefulSet chat", labels={}, phase="Pending"), "of StatefulSet chat, no Deployment's"),
    ],
    ids=["nobody's, with a Deployment's labels", "of a Job, with a Deployment's labels", "of another ReplicaSet",
         "without labels", "of a StatefulSet, without a node"],
)  # fmt: skip
def test_a_gpu_pod_of_no_deployment_is_named(body: Json, why: str) -> None:
    found = running_models([deployment(0)], [body])
    assert found == (Running("Pod", "models", "chat-1-a", 1, why),)
    assert str(found[0]) == "Pod models/chat-1-a"


def test_a_namesake_in_another_namespace_is_no_pod_of_it() -> None:
    [found] = running_models([deployment(0)], [changed(pod(), "metadata.namespace", "other")])
    assert str(found) == "Pod other/chat-1-a"


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_holds_nothing(phase: str) -> None:
    assert gpu_pods([pod(owner="Job train", phase=phase)]) == ()
    assert running_models([], [pod(owner="Job train", phase=phase)]) == ()


def test_a_pod_on_the_cpu_holds_nothing() -> None:
    bodies = [pod("a"), changed(pod("b"), "spec.containers.0.resources", None), changed(pod("c"), "status", None)]
    assert [each["metadata"]["name"] for each in gpu_pods(bodies)] == ["a", "c"]


def test_what_may_be_lowered_comes_first() -> None:
    tracked = deployment(name="z", annotations={TRACKING_ID: "a:apps/Deployment:models/z"})
    others = [deployment(name="b"), deployment(name="a"), deployment(name="c", namespace="earlier")]
    found = running_models(iter([*others, tracked]), iter([pod("a-pod", owner="", labels={})]))
    assert [each.name for each in found] == ["z", "c", "a", "a-pod", "b"]
    assert [bool(each.why_not) for each in found] == [False, True, True, True, True]


def expression(key: str, operator: str, *values: str) -> Json:
    return {"matchExpressions": [{"key": key, "operator": operator, **({"values": list(values)} if values else {})}]}


@pytest.mark.parametrize(
    ("selector", "yes"),
    [
        ({"matchLabels": {"app": "chat"}}, True),
        ({"matchLabels": {"app": "other"}}, False),
        ({"matchLabels": {"app": "chat", "tier": "x"}}, False),
        (expression("app", "In", "other", "chat"), True),
        (expression("app", "In", "other"), False),
        (expression("tier", "In", "chat"), False),
        (expression("app", "NotIn", "other"), True),
        (expression("app", "NotIn", "chat"), False),
        (expression("tier", "NotIn", "chat"), True),
        (expression("app", "Exists"), True),
        (expression("tier", "Exists"), False),
        (expression("tier", "DoesNotExist"), True),
        (expression("app", "DoesNotExist"), False),
        ({"matchLabels": {"app": "chat"}, **expression("app", "Exists")}, True),
        ({"matchLabels": {"app": "chat"}, **expression("tier", "Exists")}, False),
        ({"matchLabels": {"app": "other"}, **expression("app", "Exists")}, False),
        ({}, False),
    ],
)
def test_the_pods_that_a_selector_selects(selector: Json, yes: bool) -> None:
    body = pod(labels={"app": "chat", "pod-template-hash": "1"})
    assert pods_of(deployment(selector=selector), [body]) == ((body,) if yes else ())


def test_a_deployment_without_a_selector_has_no_pods() -> None:
    assert pods_of(changed(deployment(), "spec.selector", None), [pod()]) == ()


def test_a_pod_that_is_ending_is_still_one_of_its_pods() -> None:
    bodies = (pod(going=models.ago(5)), pod("b", phase="Failed"))
    assert pods_of(deployment(), bodies) == bodies
