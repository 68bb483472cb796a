"""Nodes as their kubelets report them, and the GPU nodes of the cloud.

A new machine's kubelet reports first, is Ready once its network is there, and offers the GPU once the driver is.
"""

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.store import Name
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import condition, itself
from aiops.lab.world.by_hand import is_by_hand
from aiops.lab.world.pods import GPU, condition_of

POOL, ACCELERATOR = "cloud.google.com/gke-nodepool", "cloud.google.com/gke-accelerator"
SIZE = {"cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "200Gi"}
BOOTING = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)
SELF = {
    "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
    "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
    "nodeInfo": {
        "architecture": "amd64", "operatingSystem": "linux", "kubeletVersion": "v1.36.3", "osImage": "simulated",
        "containerRuntimeVersion": "simulated://", "kernelVersion": "simulated", "kubeProxyVersion": "v1.36.3",
        "bootID": "", "machineID": "", "systemUUID": "",
    },
}  # fmt: skip
"""Of every node."""
KUBELET = Writer(user="system:node", manager="kubelet", groups=("system:nodes",))


def start(cluster: Cluster) -> None:
    """Let them boot."""
    cluster.control("node", "kubelet", Nodes(cluster).boot, {"nodes": itself})


def gpu_node(name: str, accelerator: str) -> Json:
    """A machine with one GPU, as GKE makes it; nobody has heard of its kubelet yet."""
    pool = pool_of(accelerator)
    return {
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
                POOL: pool, ACCELERATOR: accelerator, "node.kubernetes.io/instance-type": "g2-standard-8",
                "topology.kubernetes.io/region": "us-central1", "topology.kubernetes.io/zone": "us-central1-a",
            },
        },
        "spec": {
            "providerID": f"gce://ai-lab/us-central1-a/{name}",
            "taints": [{"key": GPU, "value": "present", "effect": "NoSchedule"}],
        },
        "status": {},
    }  # fmt: skip


def complete(node: Json) -> Json:
    """The node as it will be once its GPU is there."""
    size = {**SIZE, GPU: "1"}
    return {**node, "status": {"capacity": size, "allocatable": size}}


def pool_of(accelerator: str) -> str:
    """The node pool whose nodes have this GPU."""
    return f"gpu-{accelerator.removeprefix('nvidia-')}"


class Nodes:
    """What kubelets say of their nodes."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._objects = cluster, cluster.objects

    async def boot(self, key: Name) -> float | None:
        """A GPU node comes up step by step, by its age; any other is ready at once."""
        node, pace = self._objects.find("nodes", key[1]), self._cluster.pace
        if node is None or is_by_hand(node):
            return None
        if ACCELERATOR not in (node["metadata"].get("labels") or {}):
            self._report(node, ready=True)
            return None
        age_s = self._cluster.clock.since(node["metadata"]["creationTimestamp"])
        ready_s, gpu_s = pace.node_ready_s, pace.node_ready_s + pace.gpu_ready_s
        size = {**SIZE, GPU: "1"} if age_s >= gpu_s else SIZE
        self._report(node, ready=age_s >= ready_s, capacity=size, allocatable=size)
        return next((at - age_s for at in (ready_s, gpu_s) if at > age_s), None)

    def _report(self, node: Json, *, ready: bool, **size: Json) -> None:
        status: Json = {**(node.get("status") or {}), **SELF, **size}
        if condition_of(node, "Ready").get("status") != str(ready):
            now = self._cluster.clock.stamp()
            said = ("KubeletReady", "kubelet is posting ready status") if ready else ("KubeletNotReady", BOOTING)
            status["conditions"] = [condition("Ready", ready, *said, now=now) | {"lastHeartbeatTime": now}]
        if status != node.get("status"):
            self._objects.set_status("nodes", node, status, KUBELET)
