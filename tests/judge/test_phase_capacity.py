"""Phase 2: will there be a node? Texts of cluster-autoscaler and of the issues that are named."""

from typing import Any

import pytest

from aiops.snapshot import Json
from tests.judge.models import (
    AT_MAX,
    BACKOFF,
    FAILED,
    FULL,
    QUOTA,
    REFUSED,
    STOCKOUT,
    TRIGGERED,
    ago,
    condition,
    event,
    group,
    judged,
    node,
    pending,
    placed,
    pod,
    report,
    running,
    short,
    spec,
    taint,
)

REASON = "2 Insufficient nvidia.com/gpu, 1 max node group size reached"


def refusal(*reasons: str, ago_s: float = 10) -> Json:
    return event(REFUSED, f"pod didn't trigger scale-up: {', '.join(reasons)}", ago_s)


@pytest.mark.parametrize(
    ("reasons", "id"),
    [
        (["2 Insufficient nvidia.com/gpu", "1 max node group size reached"], "model.max-size"),
        (["12 node(s) didn't match Pod's node affinity/selector", "3 max node group size reached"], "model.max-size"),
        (["max cluster nvidia.com/gpu limit reached"], "model.cluster-limit"),
        (["max total nodes in cluster reached"], "model.cluster-limit"),
        (["6 Insufficient nvidia.com/gpu"], "model.too-big"),
        (["1 Insufficient memory", "1 node(s) had untolerated taint {team: a}"], "model.too-big"),
        (
            ["1 node(s) had untolerated taint {nvidia.com/gpu: present}", "2 Insufficient nvidia.com/gpu"],
            "model.taint",
        ),
        (["1 node(s) had taint {gpu: yes}, that the pod didn't tolerate"], "model.taint"),
        (["3 node(s) didn't match Pod's node affinity/selector"], "model.selector"),
        (["1 pod has a new kind of trouble"], "model.no-scale-up"),
    ],
    ids=["at its maximum", "autoscaler#5692", "cluster limit", "cluster size", "autoscaler#2506", "too big",
         "taint of GPUs", "another taint", "selector", "unknown"],
)  # fmt: skip
def test_a_refusal_that_stays(reasons: list[str], id: str) -> None:
    """NotTriggerScaleUp is an event of type Normal (cluster-autoscaler FAQ)."""
    stand = judged(pending(), events=(refusal(*reasons),))
    assert short(stand) == ("capacity", id, f"no GPU node: {', '.join(reasons)}")
    assert [each.source for each in stand.evidence] == ["event NotTriggerScaleUp", "scheduler"]
    assert [each.at for each in stand.evidence] == [ago(10), ago(60)]
    assert CURES[id] in stand.fix


CURES = {
    "model.max-size": "maximum size",
    "model.cluster-limit": "limit for the whole cluster",
    "model.too-big": "requests",
    "model.taint": "toleration",
    "model.selector": "nodeSelector",
    "model.no-scale-up": "pod template",
}


@pytest.mark.parametrize(
    "message",
    [
        f"(combined from similar events): {AT_MAX}",
        AT_MAX.replace("scale-up:", "scale-up (it wouldn't fit if a new node is added):"),
        AT_MAX.replace("pod", "Pod", 1),
    ],
    ids=["aggregated", "before 1.19 (autoscaler#1607)", "capital"],
)
def test_the_same_refusal_reads_the_same(message: str) -> None:
    stand = judged(pending(), events=(event(REFUSED, message),))
    assert short(stand) == ("capacity", "model.max-size", f"no GPU node: {REASON}")


@pytest.mark.parametrize(
    "reasons",
    [
        ["1 in backoff after failed scale-up", "2 Insufficient nvidia.com/gpu"],
        ["1 in backoff after failed scale-up", "1 max node group size reached"],
        ["1 not ready for scale-up", "2 Insufficient nvidia.com/gpu"],
        [],
    ],
    ids=["backoff (2i2c#2185)", "backoff of one of two", "unhealthy group", "no reason"],
)
def test_a_refusal_that_passes(reasons: list[str]) -> None:
    stand = judged(pending(), events=(refusal(*reasons),))
    assert (stand.phase, stand.hope) == ("capacity", "yes")
    assert ", ".join(reasons) in stand.detail


def test_a_long_refusal_is_judged_by_all_of_it() -> None:
    many = [f"{number} node(s) had untolerated taint {{team-{number}: x}}" for number in range(20)]
    assert judged(pending(), events=(refusal(*many, "1 in backoff after failed scale-up"),)).hope == "yes"
    assert judged(pending(), events=(refusal(*many, "1 max node group size reached"),)).id == "model.max-size"


@pytest.mark.parametrize(("made_s", "hope"), [(29, "yes"), (31, "no")])
def test_the_grace_of_a_new_pod(made_s: float, hope: str) -> None:
    """Two or three loops of the autoscaler; the cause is on the screen meanwhile."""
    stand = judged(pending(made_s=made_s), events=(event(REFUSED, AT_MAX, ago_s=5),))
    assert stand.hope == hope
    assert stand.detail.endswith(f"no GPU node: {REASON}")
    assert stand.evidence[0].source == "event NotTriggerScaleUp"


def test_the_grace_holds_for_a_taint_too() -> None:
    nodes = (node(taints=[taint("team", value="a")]),)
    assert judged(pending(made_s=29), nodes=nodes).hope == "yes"


def test_a_decision_to_add_a_node_outweighs_what_was_said_before() -> None:
    words = [event(REFUSED, AT_MAX, 20), event(FAILED, QUOTA, 15), event(TRIGGERED, "0->1", 10)]
    for events in (words, words[::-1]):
        assert short(judged(pending(), events=tuple(events)))[:2] == ("node", "")


def test_what_is_said_after_it_counts() -> None:
    words = (event(TRIGGERED, "0->1", 20), event(REFUSED, AT_MAX, 10))
    assert judged(pending(), events=words).id == "model.max-size"


def test_said_in_the_same_second_it_counts_not() -> None:
    words = (event(TRIGGERED, "0->1", 10), event(REFUSED, AT_MAX, 10))
    assert judged(pending(), events=words).hope == "yes"


@pytest.mark.parametrize(
    "newest",
    [
        {"series": {"lastObservedTime": ago(5), "count": 3}, "lastTimestamp": ago(60)},
        {"lastTimestamp": ago(5), "eventTime": ago(60)},
        {"lastTimestamp": None, "firstTimestamp": None, "eventTime": "2026-11-23T04:29:55.000000Z"},
        {"lastTimestamp": None, "firstTimestamp": None, "metadata": {"creationTimestamp": ago(5)}},
    ],
    ids=["series", "lastTimestamp", "eventTime", "creation"],
)
def test_the_times_of_an_event(newest: dict[str, Any]) -> None:
    refused = event(REFUSED, AT_MAX, 60, **newest)
    assert judged(pending(), events=(refused, event(TRIGGERED, "0->1", 30))).id == "model.max-size"
    triggered = event(TRIGGERED, "0->1", 60, **newest)
    assert judged(pending(), events=(triggered, event(REFUSED, AT_MAX, 30))).phase == "node"


def test_the_events_of_another_pod_of_that_name_say_nothing() -> None:
    assert judged(pending(), events=(event(REFUSED, AT_MAX, of="other-uid"),)).hope == "yes"


def test_what_others_say_of_the_pod_is_no_word_of_the_autoscaler() -> None:
    others = (event("FailedScheduling", FULL, 5), event("Scheduled", "x", 4))
    assert judged(pending(), events=(event(REFUSED, AT_MAX, 30), *others)).id == "model.max-size"
    assert judged(pending(), events=(event(TRIGGERED, "0->1", 30), *others)).phase == "node"


def test_a_quota() -> None:
    """GKE's FailedScaleUp (huggingface/Google-Cloud-Containers#126, GD2)."""
    stand = judged(pending(), events=(event(TRIGGERED, "0->1", 90), event(FAILED, QUOTA, 45)))
    said = "Node scale up in zones z-a associated with this pod failed: GCE quota exceeded"
    assert short(stand) == ("capacity", "model.quota", f"no GPU node: {said}")
    assert "quota" in stand.fix


def test_a_quota_with_the_backoff_that_follows() -> None:
    stand = judged(pending(), events=(event(FAILED, QUOTA, 20), event(REFUSED, BACKOFF, 10)))
    assert stand.id == "model.quota"


def test_another_node_group_may_be_tried_after_a_quota() -> None:
    """The autoscaler takes a loop or two to go on to the next group."""
    stand = judged(pending(), events=(event(TRIGGERED, "0->1", 60), event(FAILED, QUOTA, 10)))
    assert short(stand)[:2] == ("capacity", "")
    assert "GCE quota exceeded" in stand.detail


def test_a_refusal_after_a_quota_is_the_newer_word() -> None:
    assert judged(pending(), events=(event(FAILED, QUOTA, 60), event(REFUSED, AT_MAX, 10))).id == "model.max-size"


@pytest.mark.parametrize(
    "said",
    ["Quota exceeded for quota metric 'Queries' and limit 'Queries per minute'", "quota: rateLimitExceeded"],
)
def test_a_limit_on_calls_is_no_quota(said: str) -> None:
    message = QUOTA.replace("GCE quota exceeded", said)
    assert judged(pending(), events=(event(FAILED, message, 60),)).hope == "yes"


def test_a_stockout_passes() -> None:
    """GCE out of resources (GD3): the autoscaler tries again by itself."""
    stand = judged(pending(), events=(event(TRIGGERED, "0->1", 90), event(FAILED, STOCKOUT, 60)))
    said = "Node scale up in zones z-a associated with this pod failed: GCE out of resources"
    assert short(stand) == ("capacity", "", f"no GPU node: {said}")


def test_a_stockout_is_still_named_in_the_backoff_that_follows() -> None:
    stand = judged(pending(), events=(event(FAILED, STOCKOUT, 60), event(REFUSED, BACKOFF, 10)))
    assert "GCE out of resources" in stand.detail
    assert [each.source for each in stand.evidence[:2]] == ["event FailedScaleUp", "event NotTriggerScaleUp"]


def test_a_stockout_after_a_quota_is_the_newer_word() -> None:
    stand = judged(pending(), events=(event(FAILED, QUOTA, 90), event(FAILED, STOCKOUT, 60)))
    assert stand.hope == "yes"


def placed_nowhere(*conditions: Json) -> Json:
    return pod(status={"phase": "Pending", "conditions": list(conditions)})


@pytest.mark.parametrize("claims", ["", "no new claims to deallocate, "], ids=["", "Kubernetes 1.36"])
def test_no_word_at_all(claims: str) -> None:
    stand = judged(pending(f"{FULL} {claims}preemption: 0/3 nodes are available: 3 No preemption victims found."))
    assert short(stand) == ("capacity", "", f"no GPU node: {FULL[:-1]}")
    assert [each.source for each in stand.evidence] == ["scheduler"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (pod(), "the scheduler has not looked at it yet"),
        (pending(""), "Unschedulable"),
        (
            placed_nowhere(condition("PodReadyToStartContainers", "False", "x")),
            "the scheduler has not looked at it yet",
        ),
        (placed_nowhere(condition("PodScheduled", "True", "x")), "the scheduler has not looked at it yet"),
    ],
)
def test_what_the_scheduler_says(body: Json, said: str) -> None:
    assert short(judged(body)) == ("capacity", "", f"no GPU node: {said}")


CLAIM = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims."


def test_a_volume_that_is_not_bound_is_named() -> None:
    """The autoscaler refuses such a pod too, and means nothing by it."""
    refused = refusal("pod has unbound immediate PersistentVolumeClaims")
    stand = judged(pending(CLAIM), events=(refused,))
    assert short(stand) == ("capacity", "", f"its volume is not bound: {CLAIM}")


REMOVED = [
    node(going=ago(5)),
    node(taints=[taint("ToBeDeletedByClusterAutoscaler")]),
    node(taints=[taint("cloud.google.com/impending-node-termination", "NoExecute")]),
    node(taints=[taint("karpenter.sh/disrupted")]),
]


@pytest.mark.parametrize("leaving", REMOVED, ids=["deleted", "scaled down", "spot machine", "karpenter"])
def test_a_node_that_leaves_makes_room(leaving: Json) -> None:
    """Until it is gone the node group is at its maximum size."""
    stand = judged(pending(), nodes=(leaving,), events=(event(REFUSED, AT_MAX),))
    assert short(stand) == ("capacity", "", f"no GPU node: {REASON}; node gpu-1 is being removed")


@pytest.mark.parametrize("leaving", REMOVED, ids=["deleted", "scaled down", "spot machine", "karpenter"])
def test_a_node_that_leaves_is_none(leaving: Json) -> None:
    """A regression: the model was nearly there, and its node went."""
    assert judged(pending(), nodes=(leaving,)).phase == "capacity"


def test_a_node_of_no_gpu_that_leaves_makes_no_room() -> None:
    cpu = {"metadata": {"name": "cpu-1", "deletionTimestamp": ago(5)}, "spec": {}, "status": {}}
    assert judged(pending(), nodes=(cpu,), events=(event(REFUSED, AT_MAX),)).hope == "no"


OTHER = placed(running(), name="other-1", of="rs-9")
"""A pod of another model on node gpu-1."""


def test_a_gpu_that_another_pod_holds() -> None:
    stand = judged(pending(), OTHER, nodes=(node(),), events=(event(REFUSED, AT_MAX),))
    detail = f"no GPU node: {REASON}; the GPU of node gpu-1 is held by Pod models/other-1"
    assert short(stand) == ("capacity", "model.max-size", detail)
    both = judged(pending(), OTHER, placed(running(), name="more-1", of="rs-8"), nodes=(node(gpus=2),))
    assert both.detail.endswith("is held by Pod models/other-1, models/more-1")


def test_without_an_autoscaler_it_is_named_and_waited_for() -> None:
    stand = judged(pending(), OTHER, nodes=(node(),))
    assert stand.hope == "yes"
    assert stand.detail.endswith("; the GPU of node gpu-1 is held by Pod models/other-1")


def test_a_pod_that_ends_gives_its_gpu_back() -> None:
    going = placed(running(), name="other-1", of="rs-9", going=ago(40))
    stand = judged(pending(), going, nodes=(node(),), events=(event(REFUSED, AT_MAX),))
    assert stand.hope == "yes"
    assert stand.detail.endswith("; Pod other-1 is ending")


def test_a_pod_that_has_ended_holds_nothing() -> None:
    over = {**OTHER, "status": {"phase": "Failed"}}
    assert judged(pending(), over, nodes=(node(),)).phase == "gpu"


def test_of_two_gpus_one_is_free() -> None:
    assert judged(pending(), OTHER, nodes=(node(gpus=2),)).phase == "gpu"


def test_a_gpu_that_a_pod_elsewhere_holds() -> None:
    """Pods of other namespaces may not be in the look: a node that has long been ready, and a refusal, tell."""
    refused = (event(REFUSED, AT_MAX),)
    assert judged(pending(), nodes=(node(since_s=3600),), events=refused).id == "model.max-size"
    assert short(judged(pending(), nodes=(node(since_s=60),), events=refused))[:2] == ("gpu", "")
    assert judged(pending(), nodes=(node(since_s=3600),)).phase == "gpu", "nothing was refused"


def test_a_taint_without_a_toleration() -> None:
    stand = judged(pending(), nodes=(node(taints=[taint("team", value="a")]),))
    detail = "no GPU node: node gpu-1 has taint team=a:NoSchedule, and the pod has no toleration for it"
    assert short(stand) == ("capacity", "model.taint", detail)
    assert stand.node == "gpu-1"
    assert stand.fix == "Add a toleration for team=a:NoSchedule to the Deployment's pod template."
    assert str(stand.evidence[0]) == "Node gpu-1: taint team=a:NoSchedule"


def test_a_taint_that_evicts_too() -> None:
    stand = judged(pending(), nodes=(node(taints=[taint("team", "NoExecute")]),))
    assert "has taint team:NoExecute" in stand.detail


def test_it_outweighs_the_autoscalers_list() -> None:
    stand = judged(pending(), nodes=(node(taints=[taint("team")]),), events=(event(REFUSED, AT_MAX),))
    assert "has taint team:NoSchedule" in stand.detail


@pytest.mark.parametrize(
    "changes",
    [
        {"nodes": (node(taints=[taint("team", "PreferNoSchedule")]),)},
        {"nodes": (node(ready=False, taints=[taint("team")]),)},
        {"nodes": (node(gpus=None, taints=[taint("team")]),)},
        {"nodes": (node(taints=[taint("team")]),), "events": (event(FAILED, STOCKOUT, 60),)},
        {"nodes": (node(taints=[taint("team")]),), "events": (event(TRIGGERED, "0->1"),)},
        {"nodes": (node(taints=[taint("team"), taint("ToBeDeletedByClusterAutoscaler")]),)},
        {"nodes": (node(taints=[taint("team")], unschedulable=True),)},
    ],
    ids=["soft", "not ready", "no GPU yet", "another group is tried", "another node comes", "leaving", "cordoned"],
)
def test_a_taint_that_is_not_the_cause(changes: dict[str, Any]) -> None:
    assert judged(pending(), **changes).hope == "yes"


def test_a_taint_of_a_node_whose_gpu_is_taken_is_not_the_cause() -> None:
    stand = judged(pending(), OTHER, nodes=(node(taints=[taint("team")]),))
    assert short(stand) == ("capacity", "", f"no GPU node: {FULL}")


@pytest.mark.parametrize(
    ("toleration", "phase"),
    [
        ({"key": "team", "operator": "Exists"}, "gpu"),
        ({"key": "team", "operator": "Exists", "effect": "NoSchedule"}, "gpu"),
        ({"key": "team", "value": "a"}, "gpu"),
        ({"operator": "Exists"}, "gpu"),
        ({"key": "team", "operator": "Equal", "value": "b"}, "capacity"),
        ({"key": "team", "operator": "Exists", "effect": "NoExecute"}, "capacity"),
        ({"key": "other", "operator": "Exists"}, "capacity"),
    ],
)
def test_tolerations(toleration: Json, phase: str) -> None:
    tolerant = spec(tolerations=[*spec()["tolerations"], toleration])
    stand = judged(pending(spec=tolerant), nodes=(node(taints=[taint("team", value="a")]),))
    assert stand.phase == phase


def undated(body: Json) -> Json:
    body["scaleUp"].pop("lastTransitionTime")
    return body


@pytest.mark.parametrize(
    ("groups", "id", "said"),
    [
        ([group("Backoff", "QUOTA_EXCEEDED", "Quota 'NVIDIA_L4_GPUS' exceeded. Limit: 0.0")], "model.quota",
         "in backoff: QUOTA_EXCEEDED: Quota 'NVIDIA_L4_GPUS' exceeded. Limit: 0.0"),
        ([group("Backoff", "OTHER", "VcpuLimitExceeded: you have requested more vCPU")], "model.quota", "VcpuLimit"),
        ([group("Backoff", "RESOURCE_POOL_EXHAUSTED", "x")], "", "in backoff: RESOURCE_POOL_EXHAUSTED: x"),
        ([group("Backoff", "QUOTA_EXCEEDED"), group("Backoff", "RESOURCE_POOL_EXHAUSTED")], "", "in backoff"),
        ([group("Backoff", "QUOTA_EXCEEDED", since_s=400)], "", "in backoff: QUOTA_EXCEEDED"),
        ([group("Backoff")], "", "in backoff"),
        ([undated(group("Backoff", "QUOTA_EXCEEDED"))], "model.quota", "in backoff"),
        ([group("NoActivity"), group("InProgress")], "", "the autoscaler is adding nodes"),
        ([group("NoActivity", target=1)], "", "every node group is at its maximum size"),
        ([group("NoActivity", target=1), group("NoActivity")], "", FULL),
        ([], "", FULL),
    ],
    ids=["quota", "quota of AWS", "stockout", "not all of them", "from before this pod", "no reason",
         "undated", "adding",
         "all at their maximum", "one may grow", "no groups"],
)  # fmt: skip
def test_the_report_is_the_second_source(groups: list[Json], id: str, said: str) -> None:
    """Events may be missing (autoscaler#5938); texts of autoscaler#6318 and its status_test.go."""
    stand = judged(pending(), autoscaler=report(*groups))
    assert (stand.phase, stand.id) == ("capacity", id)
    assert said in stand.detail


def test_the_report_of_the_whole_cluster() -> None:
    assert "the autoscaler is adding nodes" in judged(pending(), autoscaler=report(cluster="InProgress")).detail


def test_the_report_says_why_a_group_is_in_backoff() -> None:
    autoscaler = report(group("Backoff", "QUOTA_EXCEEDED"))
    stand = judged(pending(), autoscaler=autoscaler, events=(event(REFUSED, BACKOFF),))
    assert stand.id == "model.quota"
    assert stand.evidence[0].source == "ConfigMap kube-system/cluster-autoscaler-status"


@pytest.mark.parametrize("word", [event(TRIGGERED, "0->1"), event(FAILED, STOCKOUT, 60)])
def test_an_event_outweighs_the_report(word: Json) -> None:
    autoscaler = report(group("Backoff", "QUOTA_EXCEEDED"))
    assert judged(pending(), autoscaler=autoscaler, events=(word,)).hope == "yes"


def test_a_refusal_outweighs_the_report() -> None:
    stand = judged(pending(), autoscaler=report(group("InProgress")), events=(event(REFUSED, AT_MAX),))
    assert stand.id == "model.max-size"


@pytest.mark.parametrize("autoscaler", [{}, {"nodeGroups": None}, {"clusterWide": "x"}, {"nodeGroups": ["x"]}])
def test_a_report_of_another_shape_says_nothing(autoscaler: Json) -> None:
    assert judged(pending(), autoscaler=autoscaler).detail.endswith(FULL)
