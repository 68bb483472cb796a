"""Phases 3 and 4: has the node joined, and has it its GPU?"""

from typing import Any

import pytest

from aiops.judge.model import model_of
from aiops.snapshot import Json
from tests.judge.models import (
    AT_MAX,
    BACKOFF,
    FAILED,
    GPU,
    QUOTA,
    REFUSED,
    STOCKOUT,
    TRIGGERED,
    again,
    ago,
    condition,
    container,
    deployment,
    ended,
    event,
    judged,
    node,
    pending,
    placed,
    running,
    short,
    spec,
    taint,
    waiting,
)

ORDERED = "a node was ordered and has not joined yet"
GIVEN_UP = "no node has joined in 15 min after one was ordered: the autoscaler has given up"
NOT_READY = "node gpu-1 has joined and is not ready: kubelet is posting"
INSTALLING = "node gpu-1 is there without its GPU: the driver is being installed"


def test_a_node_is_ordered() -> None:
    stand = judged(pending(), events=(event(TRIGGERED, "pod triggered scale-up: [{grp 0->1 (max: 1)}]"),))
    assert short(stand) == ("node", "", ORDERED)
    assert [each.source for each in stand.evidence] == ["event TriggeredScaleUp"]


@pytest.mark.parametrize(("ago_s", "id"), [(899, ""), (901, "model.node-timeout")])
def test_the_autoscaler_gives_up(ago_s: float, id: str) -> None:
    """At --max-node-provision-time, 15 min (cluster-autoscaler FAQ)."""
    stand = judged(pending(made_s=2000), events=(event(TRIGGERED, "0->1", ago_s),))
    assert short(stand) == ("node", id, GIVEN_UP if id else ORDERED)
    assert ("configmap cluster-autoscaler-status" in stand.fix) == bool(id)


def test_its_words_are_evidence() -> None:
    words = (event(TRIGGERED, "0->1", 1000), event(REFUSED, BACKOFF, 10))
    sources = [each.source for each in judged(pending(made_s=2000), events=words).evidence]
    assert sources == ["event TriggeredScaleUp", "event NotTriggerScaleUp"]
    assert len(judged(pending(made_s=2000), events=words[:1]).evidence) == 1


def test_its_time_is_an_option() -> None:
    assert judged(pending(), node_s=60, events=(event(TRIGGERED, "0->1", 61),)).id == "model.node-timeout"


def test_the_newest_order_counts() -> None:
    words = (event(TRIGGERED, "0->1", 1000), event(TRIGGERED, "0->1", 100))
    assert short(judged(pending(made_s=2000), events=words)) == ("node", "", ORDERED)


@pytest.mark.parametrize(
    ("word", "phase"),
    [
        (event(FAILED, STOCKOUT, 800), "capacity"),
        (event(REFUSED, BACKOFF, 10, firstTimestamp=ago(800)), "capacity"),
        (event(REFUSED, BACKOFF, 10, firstTimestamp=None, eventTime=ago(800)), "capacity"),
        (event(REFUSED, BACKOFF, 10, firstTimestamp=None, metadata={"creationTimestamp": ago(800)}), "capacity"),
        (event(REFUSED, BACKOFF, 10), "node"),
        (event(REFUSED, BACKOFF, 1100), "node"),
    ],
    ids=[
        "stockout",
        "backoff after an early failure",
        "by its event time",
        "by its creation",
        "backoff because time is up",
        "backoff before it",
    ],
)
def test_a_node_that_failed_early_is_ordered_again(word: Json, phase: str) -> None:
    """The pause between two orders grows to 30 min, beyond the time that a node is given."""
    stand = judged(pending(made_s=2000), events=(event(TRIGGERED, "0->1", 1000), word))
    assert (stand.phase, stand.hope) == (phase, "yes" if phase == "capacity" else "no")


def test_a_node_boots() -> None:
    stand = judged(pending(), nodes=(node(ready=False),), events=(event(TRIGGERED, "0->1", 100),))
    assert short(stand) == ("node", "", NOT_READY)
    assert stand.node == "gpu-1"


def test_a_node_boots_that_nobody_ordered_for_this_pod() -> None:
    assert short(judged(pending(), nodes=(node(ready=False),))) == ("node", "", NOT_READY)


@pytest.mark.parametrize(
    ("changes", "events", "id"),
    [
        ({"since_s": 10}, (event(TRIGGERED, "0->1", 901),), "model.node-timeout"),
        ({"since_s": 901}, (event(TRIGGERED, "0->1", 100),), ""),
        ({"since_s": 901}, (), "model.node-timeout"),
        ({"since_s": 899}, (), ""),
    ],
    ids=["ordered long ago", "ordered just now", "not ready for long", "not ready for a while"],
)
def test_a_node_that_boots_for_too_long(changes: dict[str, Any], events: tuple[Json, ...], id: str) -> None:
    """Without an order, the time since its Ready condition changed counts: it may have been ready for days."""
    stand = judged(pending(made_s=2000), nodes=(node(ready=False, **changes),), events=events)
    assert (stand.phase, stand.id) == ("node", id)
    assert stand.detail.endswith(f"{NOT_READY}, after 15 min" if id else NOT_READY)
    assert stand.node == "gpu-1"
    assert stand.fix == ("kubectl describe node gpu-1" if id else "")


def test_a_node_that_has_never_reported() -> None:
    silent = {**node(), "status": {}}
    assert judged(pending(), nodes=(silent,), node_s=201).hope == "yes"
    assert judged(pending(), nodes=(silent,), node_s=199).id == "model.node-timeout"


def test_of_a_nodes_conditions_ready_counts() -> None:
    boots = node(ready=False)
    boots["status"]["conditions"].insert(0, condition("MemoryPressure", "True", "no"))
    boots["status"]["conditions"][1] |= {"message": "", "reason": "KubeletNotReady"}
    assert judged(pending(), nodes=(boots,)).detail.endswith("is not ready: KubeletNotReady")


def test_a_node_without_conditions_has_just_joined() -> None:
    new = {**node(), "status": {}}
    assert judged(pending(), nodes=(new,)).detail.endswith("its kubelet has not reported yet")


STARTING = (
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/disk-pressure",
    "node.cloudprovider.kubernetes.io/uninitialized",
    "node.cilium.io/agent-not-ready",
    "node.cilium.io/agent-not-scheduled",
    "ebs.csi.aws.com/agent-not-ready",
    "startup-taint.cluster-autoscaler.kubernetes.io/x",
    "ignore-taint.cluster-autoscaler.kubernetes.io/x",
    "karpenter.sh/unregistered",
)


@pytest.mark.parametrize("key", STARTING)
def test_a_taint_that_goes_by_itself(key: str) -> None:
    events = (event(TRIGGERED, "0->1", 2000),)
    stand = judged(pending(made_s=3000), nodes=(node(taints=[taint(key)]),), events=events)
    assert short(stand) == ("node", "", f"node gpu-1 has joined and is not ready: taint {key}")


def test_a_candidate_for_removal_takes_pods() -> None:
    candidate = node(taints=[taint("DeletionCandidateOfClusterAutoscaler", "PreferNoSchedule")])
    assert judged(pending(), nodes=(candidate,)).phase == "gpu"


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": {"cloud.google.com/gke-accelerator": "nvidia-l4"}},
        {"labels": {"nvidia.com/gpu.product": "NVIDIA-L4"}},
        {"labels": {"nvidia.com/gpu.present": "true"}},
        {"labels": {"k8s.amazonaws.com/accelerator": "nvidia-l4"}},
        {"taints": [taint(GPU, value="present")]},
        {"allocatable": {GPU: "1"}},
        {"capacity": {GPU: "1"}},
    ],
    ids=["GKE", "GPU operator", "feature discovery", "EKS", "taint", "allocatable", "capacity"],
)
def test_what_makes_a_gpu_node(changes: dict[str, Any]) -> None:
    bare = {
        "metadata": {"name": "n", "labels": changes.get("labels", {})},
        "spec": {"taints": changes.get("taints", [])},
        "status": {key: value for key, value in changes.items() if key in ("allocatable", "capacity")},
    }
    assert judged(pending(), nodes=(bare,)).phase == "node"


def test_another_node_is_none() -> None:
    cpu = {"metadata": {"name": "n", "labels": {"nvidia.com/gpu.present": "false"}}, "spec": {}, "status": {}}
    assert judged(pending(), nodes=(cpu,)).phase == "capacity"


@pytest.mark.parametrize(
    ("selector", "phase"),
    [
        ({"cloud.google.com/gke-accelerator": "nvidia-l4"}, "gpu"),
        ({"cloud.google.com/gke-accelerator": "nvidia-h100"}, "capacity"),
        ({"zone": "a"}, "capacity"),
        ({"nvidia.com/gpu.product": "NVIDIA-L4"}, "gpu"),
        ({"nvidia.com/gpu.family": "hopper"}, "capacity"),
    ],
    ids=["fits", "another GPU", "a label that it lacks", "one that the GPU operator adds later", "not what it added"],
)
def test_the_node_selector(selector: dict[str, str], phase: str) -> None:
    """The GPU operator labels a node only once its driver is there."""
    bare = node(gpus=None, labels={"nvidia.com/gpu.family": "ada"})
    assert judged(pending(spec=spec(nodeSelector=selector)), nodes=(bare,)).phase == phase


def test_a_cordoned_node_takes_no_pod() -> None:
    assert judged(pending(), nodes=(node(unschedulable=True),)).phase == "capacity"


def test_a_driver_is_installed() -> None:
    """A labelled node without capacity (autoscaler#10301)."""
    stand = judged(pending(), nodes=(node(gpus=None),), events=(event(TRIGGERED, "0->1", 2000),))
    assert short(stand) == ("gpu", "", INSTALLING)
    assert stand.node == "gpu-1"
    assert judged(pending(), nodes=(node(gpus=0),)).phase == "gpu"


def driver(*statuses: Json, on: str = "gpu-1") -> Json:
    return {
        "metadata": {"name": "driver-x", "namespace": "gpu-operator"},
        "spec": {"nodeName": on},
        "status": {"phase": "Running", "containerStatuses": list(statuses)},
    }


ABSENT = "Back-off pulling image: r.io/driver:550-kernel6: not found"


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (ended(restarts=3), "container vllm keeps ending: Error, exit code 1"),
        (waiting("CrashLoopBackOff", restartCount=3), "container vllm keeps ending: ended, exit code ?"),
        (again(restarts=3), "container vllm keeps ending: Error, exit code 1"),
        (waiting("ImagePullBackOff", ABSENT), "ImagePullBackOff: r.io/vllm:1"),
    ],
    ids=["ended", "in back-off", "runs again", "no image for this kernel"],
)
def test_a_driver_that_cannot_be_installed(status: Json, cause: str) -> None:
    stand = judged(pending(), nodes=(node(gpus=None),), operator_pods=(driver(status),))
    detail = f"node gpu-1 gets no GPU: Pod gpu-operator/driver-x: {cause}"
    assert short(stand) == ("gpu", "model.driver", detail)
    assert stand.fix == "kubectl -n gpu-operator describe pod driver-x"
    assert stand.node == "gpu-1"


def test_its_last_words_without_its_secrets() -> None:
    body = driver(ended(restarts=3, message="cannot log in with token: abc123"))
    stand = judged(pending(), nodes=(node(gpus=None),), operator_pods=(body,))
    assert str(stand.evidence[-1]) == "its last words: cannot log in with token: ***"


@pytest.mark.parametrize(
    "body",
    [
        driver(ended(restarts=2)),
        driver(waiting("CrashLoopBackOff", restartCount=2)),
        driver(running(restartCount=5, ready=True)),
        driver(waiting("ImagePullBackOff", "i/o timeout")),
        driver(waiting("CreateContainerConfigError", "configmap not there yet")),
        driver(ended(restarts=3), on="other"),
        driver(running("a", restartCount=5, ready=True), waiting("ErrImagePull", "slow")),
    ],
    ids=[
        "twice",
        "back-off after two",
        "ready again",
        "registry slow",
        "others come first",
        "on another node",
        "its neighbour",
    ],
)
def test_a_driver_that_may_still_come(body: Json) -> None:
    """Its pods wait for each other, and end once or twice over it."""
    stand = judged(pending(), nodes=(node(gpus=None),), operator_pods=(body,))
    assert short(stand) == ("gpu", "", INSTALLING)


def test_a_trouble_of_the_driver_is_evidence() -> None:
    stand = judged(pending(), nodes=(node(gpus=None),), operator_pods=(driver(ended(restarts=1)),))
    assert not stand.evidence
    stand = judged(pending(), nodes=(node(gpus=None),), operator_pods=(driver(waiting("ErrImagePull", "slow")),))
    assert [str(each) for each in stand.evidence] == [
        "Pod gpu-operator/driver-x: ImagePullBackOff: r.io/vllm:1", "container vllm: slow",
    ]  # fmt: skip


def test_a_free_gpu() -> None:
    stand = judged(pending("0/3 nodes are available: 3 Insufficient memory."), nodes=(node(),))
    said = "the pod is not on it yet: 0/3 nodes are available: 3 Insufficient memory."
    assert short(stand) == ("gpu", "", f"node gpu-1 has a free GPU, and {said}")
    assert [each.source for each in stand.evidence] == ["scheduler"]
    assert stand.node == "gpu-1"


def test_the_node_that_is_furthest_along_counts() -> None:
    free, bare, boots = node("a"), node("b", gpus=None), node("c", ready=False)
    assert judged(pending(), nodes=(boots, bare, free)).node == "a"
    assert judged(pending(), nodes=(boots, bare)).node == "b"
    assert judged(pending(), nodes=(boots,)).node == "c"


def test_a_node_with_too_few_gpus_is_no_candidate() -> None:
    two = spec()
    two["containers"][0] = {**two["containers"][0], "resources": {"limits": {GPU: 2}}}
    body = deployment(two)
    stand = judged(pending(spec=two), model=model_of(body), deployment=body, nodes=(node(),))
    assert stand.phase == "capacity"


def test_a_placed_pod_has_passed_all_that() -> None:
    """Whatever the autoscaler and the nodes say."""
    stand = judged(placed(), nodes=(node(gpus=None),), events=(event(FAILED, QUOTA, 60), event(REFUSED, AT_MAX)))
    assert stand.phase == "image"
    assert stand.node == "gpu-1"


def test_a_model_without_a_gpu_waits_for_any_node() -> None:
    cpu = spec(containers=[container(resources={})])
    body = deployment(cpu)
    stand = judged(pending("0/1 nodes", spec=cpu), model=model_of(body), deployment=body, nodes=(node(gpus=None),))
    assert short(stand) == ("capacity", "", "no node takes it: 0/1 nodes")
