"""ReplicaSets make pods, or say why they cannot (kube-controller-manager, pkg/controller/replicaset)."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.refusals import Refusal
from aiops.lab.api.store import Name
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import condition, itself, owner
from aiops.lab.world.manager import MANAGER, PART, delete_pod, make_pod
from aiops.lab.world.ownership import owned
from aiops.lab.world.pods import condition_of, has_ended, is_active, is_going, is_ready, pod_of

RESOURCE, SOURCE = "replicasets.apps", "replicaset-controller"


def start(cluster: Cluster) -> None:
    """Let it run."""
    watches = {RESOURCE: itself, "pods": owner("ReplicaSet")}
    cluster.control("replicaset", PART, ReplicaSets(cluster).reconcile, watches)


class ReplicaSets:
    """The controller."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects = cluster.objects

    async def reconcile(self, key: Name) -> None:
        """As many pods as it wants; where one is refused, Refusal, so that it is tried again, less and less often."""
        replicaset = self._objects.find(RESOURCE, key[1], key[0])
        if replicaset is None:
            return
        refused = None
        if not is_going(replicaset):
            try:
                self._scale(replicaset)
            except Refusal as refusal:
                refused = refusal
        self._objects.set_status(RESOURCE, replicaset, self._status(replicaset, refused), MANAGER)
        if refused is not None:
            raise refused

    def _scale(self, replicaset: Json) -> None:
        active = [pod for pod in owned(self._objects, "pods", replicaset) if is_active(pod)]
        missing = replicaset["spec"]["replicas"] - len(active)
        for _ in range(missing):
            new = pod_of(replicaset["spec"]["template"], replicaset, f"{replicaset['metadata']['name']}-")
            make_pod(self._objects, replicaset, new, SOURCE)
        for pod in sorted(active, key=_usefulness)[: max(0, -missing)]:
            delete_pod(self._objects, replicaset, pod, SOURCE)

    def _status(self, replicaset: Json, refused: Refusal | None) -> Json:
        pods = owned(self._objects, "pods", replicaset)
        active = [pod for pod in pods if is_active(pod)]
        ready = sum(map(is_ready, active))
        counts = {"fullyLabeledReplicas": len(active), "readyReplicas": ready, "availableReplicas": ready}
        status: Json = {
            "replicas": len(active), **{name: count for name, count in counts.items() if count},
            "terminatingReplicas": sum(is_going(pod) and not has_ended(pod) for pod in pods),
            "observedGeneration": replicaset["metadata"]["generation"],
        }  # fmt: skip
        if refused is not None:
            now = self._objects.clock.stamp()
            failure = condition("ReplicaFailure", reason="FailedCreate", message=refused.message, now=now)
            status["conditions"] = [condition_of(replicaset, "ReplicaFailure") or failure]
        return status


def _usefulness(pod: Json) -> tuple[bool, bool, bool]:
    """Those with the least go first: no node, not running, not ready (controller_utils.go, ActivePodsWithRanks)."""
    return bool(pod["spec"].get("nodeName")), pod["status"]["phase"] == "Running", is_ready(pod)
