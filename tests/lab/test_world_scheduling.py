"""Pods get their nodes; the words for why not are those of a real scheduler (seen on Kubernetes 1.36)."""

from typing import Any

import pytest

from aiops.lab.api.kinds import Json
from aiops.lab.cluster import Cluster
from aiops.lab.world import scheduling, volumes
from aiops.lab.world.by_hand import SIMULATE
from aiops.lab.world.pods import GPU, condition_of
from tests.lab.world import ADMIN, create, edit, played, pod_spec, settled, world

TAINT = {"key": GPU, "value": "present", "effect": "NoSchedule"}
TOLERATES = [{"key": GPU, "operator": "Exists"}]
HOLDS = {"tolerations": [{"operator": "Exists"}]}


def node(cluster: Cluster, name: str, memory: str = "256Gi", gpus: int = 0, **spec: Any) -> None:
    size = {"cpu": "8", "memory": memory, "pods": "110", **({GPU: str(gpus)} if gpus else {})}
    body = {"metadata": {"name": name, "labels": {"of": name}}, "spec": spec, "status": {"allocatable": size}}
    cluster.objects.create("nodes", body, ADMIN)


@pytest.fixture
def cluster() -> Cluster:
    """Two nodes, one with a GPU that is held, one that is not ready, and one that somebody has cordoned."""
    cluster = world(scheduling, volumes)
    node(cluster, "cpu-0")
    node(cluster, "cpu-1", taints=[{"key": "rather-not", "effect": "PreferNoSchedule"}])
    node(cluster, "gpu", "1Gi", 1, taints=[TAINT])
    node(cluster, "late", "1Gi", taints=[TAINT, {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}])
    node(cluster, "out", "1Gi", unschedulable=True, taints=[{"key": "team", "effect": "NoSchedule"}])
    create(cluster, "pods", "holder", spec={**pod_spec(gpus=1, **HOLDS), "nodeName": "gpu"})
    return cluster


def placed(cluster: Cluster, name: str) -> str:
    found: str = cluster.objects.get("pods", name, "x")["spec"].get("nodeName", "")
    return found


def requests(**much: str) -> Json:
    (container,) = pod_spec()["containers"]
    return {"containers": [{**container, "resources": {"requests": much}}]}


UNHELPFUL = "no new claims to deallocate, preemption: 0/5 nodes are available: {}."
CASES = {
    "selector": (
        pod_spec(nodeSelector={"a": "b"}),
        "1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector, "
        "2 node(s) had untolerated taint(s)",
        "5 Preemption is not helpful for scheduling",
    ),
    "no toleration": (
        pod_spec(gpus=1),
        "1 node(s) were unschedulable, 2 Insufficient nvidia.com/gpu, 2 node(s) had untolerated taint(s)",
        "5 Preemption is not helpful for scheduling",
    ),
    "too big": (
        {**requests(memory="2Ti", cpu="100"), "tolerations": TOLERATES},
        "1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 3 Insufficient cpu, 3 Insufficient memory",
        "5 Preemption is not helpful for scheduling",
    ),
    "held": (
        pod_spec(gpus=1, tolerations=TOLERATES, nodeSelector={"of": "gpu"}),
        "1 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, "
        "2 node(s) didn't match Pod's node affinity/selector",
        "1 No preemption victims found for incoming pod, 4 Preemption is not helpful for scheduling",
    ),
    "too many GPUs": (
        pod_spec(gpus=2, tolerations=TOLERATES, nodeSelector={"of": "gpu"}),
        "1 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, "
        "2 node(s) didn't match Pod's node affinity/selector",
        "5 Preemption is not helpful for scheduling",
    ),
}


@pytest.mark.parametrize("name", CASES)
@played
async def test_why_no_node_takes_it(cluster: Cluster, name: str) -> None:
    spec, why, preemption = CASES[name]
    create(cluster, "pods", "p", spec=spec)
    await settled(cluster)
    message = f"0/5 nodes are available: {why}. {UNHELPFUL.format(preemption)}"
    condition = condition_of(cluster.objects.get("pods", "p", "x"), "PodScheduled")
    assert (condition["status"], condition["reason"], condition["message"]) == ("False", "Unschedulable", message)
    (event,) = [each for each in cluster.objects.list("events") if each["reason"] == "FailedScheduling"]
    assert (event["type"], event["message"]) == ("Warning", message)


@played
async def test_no_node_at_all(cluster: Cluster) -> None:
    for each in cluster.objects.list("nodes"):
        cluster.objects.delete("nodes", each["metadata"]["name"], "", ADMIN)
    create(cluster, "pods", "p", spec=pod_spec())
    await settled(cluster)
    condition = condition_of(cluster.objects.get("pods", "p", "x"), "PodScheduled")
    assert condition["message"] == "no nodes available to schedule pods"


@played
async def test_they_are_spread(cluster: Cluster) -> None:
    for name in ("p", "q"):
        create(cluster, "pods", name, spec=pod_spec())
    await settled(cluster)
    assert {placed(cluster, "p"), placed(cluster, "q")} == {"cpu-0", "cpu-1"}


@played
async def test_where_there_is_room(cluster: Cluster) -> None:
    for name in ("p", "q"):
        create(cluster, "pods", name, spec=requests(cpu="5"))
    await settled(cluster)
    assert {placed(cluster, "p"), placed(cluster, "q")} == {"cpu-0", "cpu-1"}
    create(cluster, "pods", "r", spec=requests(cpu="5"))
    await settled(cluster)
    assert placed(cluster, "r") == ""
    cluster.objects.delete("pods", "p", "x", ADMIN, grace_s=0)
    await settled(cluster)
    assert placed(cluster, "r")
    scheduled = condition_of(cluster.objects.get("pods", "r", "x"), "PodScheduled")
    assert (scheduled["status"], scheduled.keys() & {"reason", "message"}) == ("True", set())


@played
async def test_a_node_that_changes_is_tried_again(cluster: Cluster) -> None:
    create(cluster, "pods", "p", spec={**requests(memory="500Gi"), **HOLDS})
    await settled(cluster)
    assert placed(cluster, "p") == ""
    size = {"status": {"allocatable": {"cpu": "8", "memory": "1Ti", "pods": "110"}}}
    edit(cluster, "nodes", "late", lambda now: {**now, **size})
    await settled(cluster)
    assert placed(cluster, "p") == "late"


@pytest.mark.parametrize(
    ("operator", "values", "where"),
    [
        ("In", ["cpu-1", "x"], "cpu-1"),
        ("NotIn", ["cpu-0"], "cpu-1"),
        ("Exists", [], "cpu-0"),
        ("DoesNotExist", [], ""),
    ],
)
@played
async def test_affinity(cluster: Cluster, operator: str, values: list[str], where: str) -> None:
    term = {"matchExpressions": [{"key": "of", "operator": operator, "values": values}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    create(cluster, "pods", "p", spec=pod_spec(affinity={"nodeAffinity": required}))
    await settled(cluster)
    assert placed(cluster, "p") == where


@pytest.mark.parametrize(
    ("toleration", "takes"),
    [
        ({"operator": "Exists"}, True),
        ({"key": GPU, "operator": "Exists"}, True),
        ({"key": GPU, "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": GPU, "value": "present"}, True),
        ({"key": GPU, "value": "absent"}, False),
        ({"key": "other", "operator": "Exists"}, False),
    ],
)
@played
async def test_tolerations(cluster: Cluster, toleration: Json, takes: bool) -> None:
    create(cluster, "pods", "p", spec=pod_spec(tolerations=[toleration], nodeSelector={"of": "gpu"}))
    await settled(cluster)
    assert placed(cluster, "p") == ("gpu" if takes else "")


@played
async def test_volumes_come_first(cluster: Cluster) -> None:
    claims = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]
    create(cluster, "pods", "p", spec=pod_spec(volumes=claims))
    await settled(cluster)
    why = condition_of(cluster.objects.get("pods", "p", "x"), "PodScheduled")["message"]
    assert why == '0/5 nodes are available: persistentvolumeclaim "data" not found. not found'
    cluster.parts.set("kube-controller-manager", "stalled")
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    create(cluster, "persistentvolumeclaims", "data", spec=spec)
    await settled(cluster)
    why = condition_of(cluster.objects.get("pods", "p", "x"), "PodScheduled")["message"]
    assert why == "0/5 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    cluster.parts.set("kube-controller-manager", "up")
    await settled(cluster)
    assert placed(cluster, "p")


def without_notes(now: Json) -> Json:
    return {**now, "metadata": {**now["metadata"], "annotations": {}}}


@played
async def test_a_volume_that_waits_for_its_pod(cluster: Cluster) -> None:
    """The pod has its node once the volume is there, and no condition until then (seen on Kubernetes 1.36)."""
    late = {"provisioner": "csi.example.test", "volumeBindingMode": "WaitForFirstConsumer"}
    cluster.objects.create("storageclasses.storage.k8s.io", {"metadata": {"name": "late"}, **late}, ADMIN)
    spec = {
        "accessModes": ["ReadWriteOnce"], "storageClassName": "late", "resources": {"requests": {"storage": "1Gi"}},
    }  # fmt: skip
    create(cluster, "persistentvolumeclaims", "data", metadata={"annotations": {SIMULATE: "off"}}, spec=spec)
    await settled(cluster)
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
    create(cluster, "pods", "p", spec=pod_spec(volumes=[volume]))
    await settled(cluster)
    said = [each["reason"] for each in cluster.objects.list("events", "x") if each["involvedObject"]["name"] == "data"]
    assert said == ["WaitForFirstConsumer", "ExternalProvisioning"]
    status = cluster.objects.get("pods", "p", "x")["status"]
    assert (placed(cluster, "p"), status["nominatedNodeName"]) == ("", "cpu-0")
    assert not condition_of({"status": status}, "PodScheduled")
    edit(cluster, "persistentvolumeclaims", "data", without_notes)
    await settled(cluster)
    assert placed(cluster, "p") == "cpu-0"
