"""DaemonSets have a pod on each node that takes it (kube-controller-manager, pkg/controller/daemon)."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Event, Name, name_of
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import itself, owner
from aiops.lab.world.deployments import hash_of
from aiops.lab.world.manager import MANAGER, PART, delete_pod, make_pod
from aiops.lab.world.ownership import owned
from aiops.lab.world.placement import has_no_taint_for, is_meant
from aiops.lab.world.pods import is_active, is_going, is_ready, pod_of
from aiops.lab.world.statefulsets import HASH

RESOURCE, SOURCE = "daemonsets.apps", "daemonset-controller"
TOLERATED = {"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"}


def start(cluster: Cluster) -> None:
    """Let it run."""

    def everyone(_: Event) -> list[Name]:
        return [name_of(body) for body in cluster.objects.list(RESOURCE)]

    watches = {RESOURCE: itself, "pods": owner("DaemonSet"), "nodes": everyone}
    cluster.control("daemonset", PART, DaemonSets(cluster).reconcile, watches)


class DaemonSets:
    """The controller; it asks no scheduler, and so no node is too full."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects = cluster.objects

    async def reconcile(self, key: Name) -> None:
        """A pod of the newest template on each node that takes it, or took it once."""
        body = self._objects.find(RESOURCE, key[1], key[0])
        if body is None or is_going(body):
            return
        there, code = {pod["spec"]["nodeName"]: pod for pod in self._pods(body)}, hash_of(body["spec"]["template"])
        new = pod_of(body["spec"]["template"], body, f"{key[1]}-", {HASH: code})
        new["spec"] = {**new["spec"], "tolerations": [*(new["spec"].get("tolerations") or ()), TOLERATED]}
        wanted = [
            node["metadata"]["name"]
            for node in self._objects.list("nodes")
            if is_meant(new, node) and (node["metadata"]["name"] in there or has_no_taint_for(new, node))
        ]
        for name, pod in there.items():
            if name not in wanted or pod["metadata"]["labels"].get(HASH) != code:
                delete_pod(self._objects, body, pod, SOURCE)
        for name in wanted:
            if name not in there:
                make_pod(self._objects, body, {**new, "spec": {**new["spec"], "nodeName": name}}, SOURCE)
        self._tell(body, code, len(wanted))

    def _pods(self, body: Json) -> list[Json]:
        return [pod for pod in owned(self._objects, "pods", body) if is_active(pod)]

    def _tell(self, body: Json, code: str, wanted: int) -> None:
        pods = self._pods(body)
        ready = sum(map(is_ready, pods))
        updated = sum(pod["metadata"]["labels"].get(HASH) == code for pod in pods)
        counts = {"updatedNumberScheduled": updated, "numberAvailable": ready, "numberUnavailable": wanted - ready}
        status = {
            "currentNumberScheduled": len(pods), "desiredNumberScheduled": wanted, "numberMisscheduled": 0,
            "numberReady": ready, "observedGeneration": body["metadata"]["generation"],
            **{name: count for name, count in counts.items() if count},
        }  # fmt: skip
        self._objects.set_status(RESOURCE, body, status, MANAGER)
