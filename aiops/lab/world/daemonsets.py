"""DaemonSets have a pod on each node that takes it (kube-controller-manager, pkg/controller/daemon)."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Event, Name, name_of
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import itself, owner
from aiops.lab.world.deployments import hash_of
from aiops.lab.world.events import record
from aiops.lab.world.ownership import owned
from aiops.lab.world.placement import is_meant, tolerates
from aiops.lab.world.pods import is_active, is_going, is_ready, pod_of
from aiops.lab.world.replicasets import MANAGER, PART
from aiops.lab.world.statefulsets import HASH

RESOURCE, SOURCE = "daemonsets.apps", "daemonset-controller"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
TOLERATIONS = [
    {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect}
    for name, effect in (
        ("not-ready", "NoExecute"), ("unreachable", "NoExecute"), ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"), ("pid-pressure", "NoSchedule"), ("unschedulable", "NoSchedule"),
    )
]  # fmt: skip


def start(cluster: Cluster) -> None:
    """Let it run."""
    objects = cluster.objects

    def everyone(event: Event) -> list[Name]:
        return [name_of(body) for body in objects.list(RESOURCE)]

    watches = {RESOURCE: itself, "pods": owner("DaemonSet"), "nodes": everyone}
    cluster.control("daemonset", PART, DaemonSets(cluster).reconcile, watches)


class DaemonSets:
    """The controller."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects = cluster.objects

    async def reconcile(self, key: Name) -> float | None:
        """A pod of the newest template on each node, no other."""
        body = self._objects.find(RESOURCE, key[1], key[0])
        if body is None or is_going(body):
            return None
        pods = [pod for pod in owned(self._objects, "pods", body) if is_active(pod)]
        code, there = hash_of(body["spec"]["template"]), {_node(pod): pod for pod in pods}
        nodes = {node["metadata"]["name"] for node in self._objects.list("nodes") if self._runs_on(body, node)}
        for node in sorted(nodes - there.keys()):
            self._make(body, code, node)
        for pod in pods:
            if _node(pod) not in nodes or pod["metadata"]["labels"].get(HASH) != code:
                self._objects.delete("pods", pod["metadata"]["name"], key[0], MANAGER)
        self._tell(body, code, len(nodes))
        return None

    def _runs_on(self, body: Json, node: Json) -> bool:
        pod = self._pod(body, "", node["metadata"]["name"])
        taints = [each for each in node["spec"].get("taints") or () if each["effect"] != "PreferNoSchedule"]
        return is_meant(pod, node) and all(tolerates(pod, taint) for taint in taints)

    def _pod(self, body: Json, code: str, node: str) -> Json:
        pod = pod_of(body["spec"]["template"], body, f"{body['metadata']['name']}-", {HASH: code})
        names = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
        affinity = {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [names]}}}
        tolerations = [*(pod["spec"].get("tolerations") or ()), *TOLERATIONS]
        return {**pod, "spec": {**pod["spec"], "affinity": affinity, "tolerations": tolerations}}

    def _make(self, body: Json, code: str, node: str) -> None:
        made = self._objects.create("pods", self._pod(body, code, node), MANAGER)
        record(self._objects, body, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}", source=SOURCE)

    def _tell(self, body: Json, code: str, wanted: int) -> None:
        pods = [pod for pod in owned(self._objects, "pods", body) if is_active(pod)]
        ready = sum(map(is_ready, pods))
        updated = sum(pod["metadata"]["labels"].get(HASH) == code for pod in pods)
        counts = {"updatedNumberScheduled": updated, "numberAvailable": ready, "numberUnavailable": wanted - ready}
        status = {
            "currentNumberScheduled": len(pods), "desiredNumberScheduled": wanted, "numberMisscheduled": 0,
            "numberReady": ready, "observedGeneration": body["metadata"]["generation"],
            **{name: count for name, count in counts.items() if count},
        }  # fmt: skip
        if status != body.get("status"):
            self._objects.set_status(RESOURCE, body, status, MANAGER)


def _node(pod: Json) -> str:
    """For which node it was made, whether it is there already or not."""
    names: list[str] = pod["spec"]["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"][0]["matchFields"][0][
        "values"
    ]
    return names[0]
