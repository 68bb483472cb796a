"""ReplicaSets make pods, or say why they cannot (kube-controller-manager, pkg/controller/replicaset)."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.refusals import Refusal
from aiops.lab.api.store import Name
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import condition, itself, owner
from aiops.lab.world.events import record
from aiops.lab.world.ownership import owned
from aiops.lab.world.pods import condition_of, has_ended, is_active, is_going, is_ready, pod_of

PART = "kube-controller-manager"
MANAGER = Writer(user=f"system:{PART}", manager=PART)
RESOURCE, SOURCE = "replicasets.apps", "replicaset-controller"


def start(cluster: Cluster) -> None:
    """Let it run."""
    controller = ReplicaSets(cluster)
    watches = {RESOURCE: itself, "pods": owner("ReplicaSet")}
    cluster.control("replicaset", PART, controller.reconcile, watches)


class ReplicaSets:
    """The controller."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects, self._clock = cluster.objects, cluster.clock

    async def reconcile(self, key: Name) -> float | None:
        """As many pods as it wants; a pod that is refused is tried again, less and less often."""
        replicaset = self._objects.find(RESOURCE, key[1], key[0])
        if replicaset is None:
            return None
        refusal = None
        if not is_going(replicaset):
            try:
                self._scale(replicaset)
            except Refusal as refused:
                refusal = refused
        status = self._status(replicaset, refusal)
        if status != replicaset.get("status"):
            self._objects.set_status(RESOURCE, replicaset, status, MANAGER)
        if refusal is not None:
            raise refusal
        return None

    def _scale(self, replicaset: Json) -> None:
        active = [pod for pod in owned(self._objects, "pods", replicaset) if is_active(pod)]
        missing = replicaset["spec"]["replicas"] - len(active)
        for _ in range(missing):
            self._make(replicaset)
        for pod in sorted(active, key=_usefulness)[: max(0, -missing)]:
            meta = pod["metadata"]
            self._objects.delete("pods", meta["name"], meta["namespace"], MANAGER)
            self._record(replicaset, "SuccessfulDelete", f"Deleted pod: {meta['name']}")

    def _make(self, replicaset: Json) -> None:
        name = f"{replicaset['metadata']['name']}-"
        try:
            made = self._objects.create("pods", pod_of(replicaset["spec"]["template"], replicaset, name), MANAGER)
        except Refusal as refusal:
            self._record(replicaset, "FailedCreate", f"Error creating: {refusal.message}", "Warning")
            raise
        self._record(replicaset, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}")

    def _record(self, replicaset: Json, reason: str, message: str, kind: str = "Normal") -> None:
        record(self._objects, replicaset, reason, message, source=SOURCE, kind=kind)

    def _status(self, replicaset: Json, refusal: Refusal | None) -> Json:
        pods = owned(self._objects, "pods", replicaset)
        active = [pod for pod in pods if is_active(pod)]
        ready = sum(map(is_ready, active))
        counts = {"fullyLabeledReplicas": len(active), "readyReplicas": ready, "availableReplicas": ready}
        status: Json = {
            "replicas": len(active), **{name: count for name, count in counts.items() if count},
            "terminatingReplicas": sum(is_going(pod) and not has_ended(pod) for pod in pods),
            "observedGeneration": replicaset["metadata"]["generation"],
        }  # fmt: skip
        if refusal is not None:
            now, said = self._clock.stamp(), refusal.message
            failure = condition("ReplicaFailure", reason="FailedCreate", message=said, now=now)
            status["conditions"] = [condition_of(replicaset, "ReplicaFailure") or failure]
        return status


def _usefulness(pod: Json) -> tuple[bool, bool, bool]:
    """The least first: without a node, not running, not ready (controller_utils.go, ActivePodsWithRanks)."""
    return bool(pod["spec"].get("nodeName")), pod.get("status", {}).get("phase") == "Running", is_ready(pod)
