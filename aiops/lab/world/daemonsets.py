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
NODE = "metadata.name"
TOLERATED = {
    "NoExecute": ("not-ready", "unreachable"),
    "NoSchedule": ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"),
}


def start(cluster: Cluster) -> None:
    """Let it run."""

    def everyone(_: Event) -> list[Name]:
        return [name_of(body) for body in cluster.objects.list(RESOURCE)]

    watches = {RESOURCE: itself, "pods": owner("DaemonSet"), "nodes": everyone}
    cluster.control("daemonset", PART, DaemonSets(cluster).reconcile, watches)


class DaemonSets:
    """The controller."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects = cluster.objects

    async def reconcile(self, key: Name) -> None:
        """A pod of the newest template on each node, and no other."""
        body = self._objects.find(RESOURCE, key[1], key[0])
        if body is None or is_going(body):
            return
        code, missing = hash_of(body["spec"]["template"]), {}
        for node in self._objects.list("nodes"):
            pod = _pod(body, code, node["metadata"]["name"])
            if is_meant(pod, node) and has_no_taint_for(pod, node):
                missing[node["metadata"]["name"]] = pod
        wanted = len(missing)
        for pod in self._pods(body):
            if _node_of(pod) not in missing or pod["metadata"]["labels"].get(HASH) != code:
                delete_pod(self._objects, body, pod, SOURCE)
            missing.pop(_node_of(pod), None)
        for pod in missing.values():
            make_pod(self._objects, body, pod, SOURCE)
        self._tell(body, code, wanted)

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


def _pod(body: Json, code: str, node: str) -> Json:
    """The pod for a node, on which the scheduler is to put it."""
    pod = pod_of(body["spec"]["template"], body, f"{body['metadata']['name']}-", {HASH: code})
    term = {"matchFields": [{"key": NODE, "operator": "In", "values": [node]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    tolerations = [
        {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect}
        for effect, names in TOLERATED.items()
        for name in names
    ]
    spec = {
        "affinity": {"nodeAffinity": required},
        "tolerations": [*(pod["spec"].get("tolerations") or ()), *tolerations],
    }
    return {**pod, "spec": {**pod["spec"], **spec}}


def _node_of(pod: Json) -> str:
    """For which it was made, whether it is there already or not."""
    required = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    name: str = required["nodeSelectorTerms"][0]["matchFields"][0]["values"][0]
    return name
