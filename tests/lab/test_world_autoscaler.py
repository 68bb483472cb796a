"""GPU nodes come for pods that wait, boot, and leave."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Event
from aiops.lab.cluster import Cluster, Pace
from aiops.lab.faults import GPU_QUOTA, NODE_NEVER_JOINS
from aiops.lab.world import admission, autoscaler, node_lifecycle, nodes, scheduling
from aiops.lab.world.pods import GPU, condition_of
from tests.lab.world import ADMIN, AT_ONCE, create, pod_spec, running, settled, until, world

TOLERATES = {"tolerations": [{"key": GPU, "operator": "Exists"}]}


def cloud(pace: Pace = AT_ONCE) -> Cluster:
    return world(admission, scheduling, node_lifecycle, nodes, autoscaler, pace=pace)


def play(cluster: Cluster, *steps: Callable[[], object]) -> None:
    """Wait for one after the other, and then until nothing happens. A loop of its own: once in a test."""

    async def run() -> None:
        async with running(cluster):
            for step in steps:
                await until(step)
            await settled(cluster)

    asyncio.run(run())


def do(action: Callable[[], object]) -> Callable[[], bool]:
    """A step that is no waiting."""
    return lambda: action() is not ...


def gpu_pod(cluster: Cluster, name: str = "p", **spec: object) -> Json:
    return create(cluster, "pods", name, spec=pod_spec(gpus=1, **{**TOLERATES, **spec}))


def placed(cluster: Cluster, *names: str) -> Callable[[], list[str]]:
    def found() -> list[str]:
        where = [cluster.objects.get("pods", name, "x")["spec"].get("nodeName", "") for name in names]
        return where if all(where) else []

    return found


def told(cluster: Cluster, source: str = "cluster-autoscaler") -> list[tuple[str, str]]:
    events = [each for each in cluster.objects.list("events") if each["source"]["component"] == source]
    events.sort(key=lambda each: int(each["metadata"]["resourceVersion"]))
    return [(each["reason"], each["message"]) for each in events]


def gpu_nodes(cluster: Cluster) -> list[str]:
    return [node["metadata"]["name"] for node in cluster.objects.list("nodes") if nodes.ACCELERATOR in labels(node)]


def labels(node: Json) -> Json:
    return node["metadata"].get("labels") or {}


def test_a_pod_gets_a_node_of_its_own() -> None:
    cluster = cloud()
    gpu_pod(cluster)
    gpu_pod(cluster, "q")
    play(cluster, placed(cluster, "p", "q"))
    assert sorted(gpu_nodes(cluster)) == ["gpu-l4-1", "gpu-l4-2"] == sorted(placed(cluster, "p", "q")())
    grown = "pod triggered scale-up: [{{gpu-l4 {}->{} (max: 2)}}]"
    assert told(cluster) == [("TriggeredScaleUp", grown.format(0, 1)), ("TriggeredScaleUp", grown.format(1, 2))]
    node = cluster.objects.get("nodes", "gpu-l4-1")
    assert node["spec"]["taints"] == [{"key": GPU, "value": "present", "effect": "NoSchedule"}]
    assert node["spec"]["providerID"].startswith("gce://")


def test_it_boots_step_by_step() -> None:
    """Not ready with the kubelet's words, ready without its GPU, and then with it: only then it is tried."""
    cluster = cloud(replace(AT_ONCE, node_ready_s=60, gpu_ready_s=60))
    seen: list[tuple[str, bool, str]] = []

    def hear(event: Event) -> None:
        node = event.object
        if event.resource == "nodes":
            ready, gpus = condition_of(node, "Ready"), node.get("status", {}).get("allocatable", {}).get(GPU)
            now = (ready.get("message", ""), "not-ready" in str(node["spec"]), gpus or "")
            seen.extend(() if seen[-1:] == [now] else (now,))

    cluster.store.subscribers.append(hear)
    gpu_pod(cluster)
    play(cluster, placed(cluster, "p"))
    up = "kubelet is posting ready status"
    assert seen == [
        ("", True, ""), (nodes.BOOTING, True, ""), (up, True, ""), (up, False, ""), (up, False, "1"),
    ]  # fmt: skip


def test_the_pool_is_full() -> None:
    cluster = cloud()
    for name in "pqr":
        gpu_pod(cluster, name)
    play(cluster, lambda: len(told(cluster)) >= 3)
    assert len(gpu_nodes(cluster)) == 2
    assert told(cluster)[-1] == ("NotTriggerScaleUp", "pod didn't trigger scale-up: 1 max node group size reached")


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"nodeSelector": {"tests/of": "me"}}, "node(s) didn't match Pod's node affinity/selector"),
        ({"tolerations": []}, "node(s) had untolerated taint(s)"),
    ],
)
def test_a_pod_that_no_new_node_would_take(spec: Json, why: str) -> None:
    cluster = cloud()
    gpu_pod(cluster, **spec)
    play(cluster, lambda: told(cluster))
    assert gpu_nodes(cluster) == []
    assert told(cluster) == [("NotTriggerScaleUp", f"pod didn't trigger scale-up: 1 {why}")]


def test_another_gpu_is_another_pool() -> None:
    cluster = cloud()
    gpu_pod(cluster, nodeSelector={nodes.ACCELERATOR: "nvidia-tesla-t4"})
    play(cluster, placed(cluster, "p"))
    assert gpu_nodes(cluster) == ["gpu-tesla-t4-1"]


def test_a_pod_by_hand_is_none_of_its_business() -> None:
    cluster = cloud()
    meta = {"annotations": {"aiops.dev/simulate": "off"}}
    create(cluster, "pods", "p", metadata=meta, spec=pod_spec(gpus=1, **TOLERATES))
    create(cluster, "pods", "cpu", spec=pod_spec(nodeSelector={"a": "b"}))
    play(cluster, lambda: len(told(cluster, "default-scheduler")) >= 2)
    assert (gpu_nodes(cluster), told(cluster)) == ([], [])


def test_an_idle_node_leaves() -> None:
    cluster = cloud(replace(AT_ONCE, node_idle_s=10, node_leaves_s=10))
    gpu_pod(cluster)

    def goes() -> None:
        cluster.objects.delete("pods", "p", "x", ADMIN, grace_s=0)

    def leaves() -> bool:
        return autoscaler.LEAVING in str((cluster.objects.find("nodes", "gpu-l4-1") or {}).get("spec"))

    play(cluster, placed(cluster, "p"), do(goes), leaves, lambda: not gpu_nodes(cluster))
    assert told(cluster)[-1] == ("ScaleDown", "marked the node as toBeDeleted/unschedulable")


def test_who_no_longer_waits_gets_no_node() -> None:
    """And takes no place of those who do."""
    cluster = cloud(replace(AT_ONCE, node_joins_s=10))
    gpu_pod(cluster, "p")
    gpu_pod(cluster, "q")

    def go() -> None:
        for name in "pq":
            cluster.objects.delete("pods", name, "x", ADMIN, grace_s=0)

    def late() -> None:
        assert gpu_nodes(cluster) == []
        gpu_pod(cluster, "r")

    both_told, later = lambda: len(told(cluster)) == 2, lambda: cluster.clock.elapsed() > 40
    play(cluster, both_told, do(go), later, do(late), placed(cluster, "r"))
    assert len(gpu_nodes(cluster)) == 1


def test_a_node_is_meant_for_one() -> None:
    """One that still boots is no room for a second pod."""
    cluster = cloud(replace(AT_ONCE, gpu_ready_s=1e6))
    gpu_pod(cluster)
    play(cluster, lambda: gpu_nodes(cluster), do(lambda: gpu_pod(cluster, "q")), lambda: len(gpu_nodes(cluster)) == 2)
    assert not placed(cluster, "p")()


def test_a_node_that_leaves_is_no_room() -> None:
    cluster = cloud(replace(AT_ONCE, node_idle_s=5, node_leaves_s=1e6))
    gpu_pod(cluster)

    def goes() -> None:
        cluster.objects.delete("pods", "p", "x", ADMIN, grace_s=0)

    def is_leaving() -> bool:
        return autoscaler.LEAVING in str(cluster.objects.list("nodes"))

    def comes() -> None:
        gpu_pod(cluster, "q")

    play(cluster, placed(cluster, "p"), do(goes), is_leaving, do(comes), lambda: placed(cluster, "q")())
    assert len(gpu_nodes(cluster)) == 2


def test_the_cloud_has_no_quota() -> None:
    cluster = cloud()
    cluster.faults.switch(GPU_QUOTA, on=True)
    gpu_pod(cluster)

    def mended() -> None:
        assert gpu_nodes(cluster) == []
        triggered, failed, refused = told(cluster)
        assert triggered[0] == "TriggeredScaleUp"
        assert (failed[0], "failed: GCE quota exceeded." in failed[1]) == ("FailedScaleUp", True)
        assert refused == ("NotTriggerScaleUp", "pod didn't trigger scale-up: 1 in backoff after failed scale-up")
        cluster.faults.switch(GPU_QUOTA, on=False)

    play(cluster, lambda: len(told(cluster)) >= 3, do(mended), placed(cluster, "p"))


def test_a_node_that_never_joins() -> None:
    cluster = cloud()
    cluster.faults.switch(NODE_NEVER_JOINS, on=True)
    gpu_pod(cluster)
    play(cluster, lambda: told(cluster))
    assert gpu_nodes(cluster) == []
    assert [reason for reason, _ in told(cluster)] == ["TriggeredScaleUp"]


def test_a_node_by_hand_stays_as_it_is() -> None:
    cluster = cloud(replace(AT_ONCE, node_idle_s=0))
    meta = {"annotations": {"aiops.dev/simulate": "off"}, "labels": {nodes.ACCELERATOR: "x", nodes.POOL: "gpu-x"}}
    cluster.objects.create("nodes", {"metadata": {"name": "n", **meta}, "spec": {}}, ADMIN)
    play(cluster)
    assert gpu_nodes(cluster) == ["n"]
    assert condition_of(cluster.objects.get("nodes", "n"), "Ready") == {}


def test_any_other_node_is_ready_at_once() -> None:
    cluster = cloud()
    cluster.objects.create("nodes", {"metadata": {"name": "cpu"}, "spec": {}}, ADMIN)
    play(cluster, lambda: not cluster.objects.get("nodes", "cpu")["spec"].get("taints"))
    assert condition_of(cluster.objects.get("nodes", "cpu"), "Ready")["message"] == "kubelet is posting ready status"


def test_taints_follow_the_conditions() -> None:
    cluster = cloud()
    meta = {"name": "n", "annotations": {"aiops.dev/simulate": "off"}}
    node = cluster.objects.create("nodes", {"metadata": meta, "spec": {"unschedulable": True}}, ADMIN)

    def taints() -> set[tuple[str, str]]:
        found = cluster.objects.get("nodes", "n")["spec"].get("taints") or []
        return {(each["key"].partition("/")[2], each["effect"]) for each in found}

    def says(status: str) -> Callable[[], bool]:
        conditions = [{"type": "Ready", "status": status}]
        return do(lambda: cluster.objects.set_status("nodes", node, {"conditions": conditions}, ADMIN))

    def are(*wanted: tuple[str, str]) -> Callable[[], bool]:
        return lambda: taints() == {("unschedulable", "NoSchedule"), *wanted}

    play(
        cluster,
        says("False"), are(("not-ready", "NoSchedule"), ("not-ready", "NoExecute")),
        says("Unknown"), are(("unreachable", "NoSchedule"), ("unreachable", "NoExecute")),
        says("True"), are(),
    )  # fmt: skip
