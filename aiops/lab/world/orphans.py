"""Pods whose node has gone, and which so have no kubelet to end them (kube-controller-manager, controller/podgc)."""

from aiops.lab.api.store import Event, Name, name_of
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import itself
from aiops.lab.world.manager import MANAGER, PART

QUARANTINE_S = 40.0
"""How long a pod may name a node that is not there."""


def start(cluster: Cluster) -> None:
    """Let it run."""
    collector = OrphanedPods(cluster)
    cluster.control("pod-garbage-collector", PART, collector.reconcile, {"pods": itself, "nodes": collector.of_node})


class OrphanedPods:
    """The controller."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects, self._clock = cluster.objects, cluster.clock
        self._since: dict[str, float] = {}
        """By uid."""

    def of_node(self, event: Event) -> list[Name]:
        """Those that a node leaves behind."""
        if event.type != "DELETED":
            return []
        return [name_of(pod) for pod in self._objects.list("pods") if pod["spec"].get("nodeName") == event.name[1]]

    async def reconcile(self, key: Name) -> float | None:
        """Forget a pod when its time is over."""
        pod = self._objects.find("pods", key[1], key[0])
        if pod is None or not (node := pod["spec"].get("nodeName")):
            return None
        uid, now = pod["metadata"]["uid"], self._clock.elapsed()
        if self._objects.find("nodes", node) is not None:
            self._since.pop(uid, None)
            return None
        left_s = self._since.setdefault(uid, now) + QUARANTINE_S - now
        if left_s > 0:
            return left_s
        del self._since[uid]
        self._objects.delete("pods", key[1], key[0], MANAGER, grace_s=0)
        return None
