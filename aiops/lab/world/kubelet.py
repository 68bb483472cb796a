"""Every node's kubelet: its pods become ready and end, in the time that takes.

Left out: probes, volumes, Secrets that are not there, evictions, heartbeats.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Event, Name, name_of
from aiops.lab.cluster import Cluster
from aiops.lab.world.by_hand import is_by_hand
from aiops.lab.world.events import record
from aiops.lab.world.pod_life import KUBELET, PART, PodLife
from aiops.lab.world.pods import has_ended, is_going


def start(cluster: Cluster) -> None:
    """Let it run."""
    kubelet = Kubelet(cluster)
    cluster.control("kubelet", PART, kubelet.reconcile, {"pods": kubelet.of_pod, "nodes": kubelet.of_node})


@dataclass
class Life:
    """What happens to a pod once its node takes it up."""

    steps: Iterator[float]
    """Each gives the seconds until the next."""
    due: float


class Kubelet:
    """The controller of pods that have a node."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects, self._clock, self._pace = cluster.objects, cluster.clock, cluster.pace
        self._world = PodLife(cluster)
        self._lives: dict[str, Life] = {}
        """By uid."""
        self._ends: dict[str, float] = {}
        """By uid, when a pod that is being deleted has ended."""

    def of_pod(self, event: Event) -> tuple[Name, ...]:
        """The pod, while it is there."""
        if event.type != "DELETED":
            return (event.name,)
        for memory in (self._lives, self._ends):
            memory.pop(event.object["metadata"]["uid"], None)  # type: ignore[attr-defined]
        return ()

    def of_node(self, event: Event) -> list[Name]:
        """The pods of a node that has come."""
        if event.type != "ADDED":
            return []
        return [name_of(pod) for pod in self._objects.list("pods") if pod["spec"].get("nodeName") == event.name[1]]

    async def reconcile(self, key: Name) -> float | None:
        """Go on with a pod as far as it is time."""
        pod = self._objects.find("pods", key[1], key[0])
        if pod is None or self._objects.find("nodes", pod["spec"].get("nodeName") or "") is None:
            return None
        if is_going(pod):
            return self._end(pod)
        uid = pod["metadata"]["uid"]
        if is_by_hand(pod) or has_ended(pod):
            self._lives.pop(uid, None)
            return None
        if uid not in self._lives:
            if pod.get("status", {}).get("phase") != "Pending":
                return None
            self._lives[uid] = Life(self._world.of(pod), self._clock.elapsed())
        return self._go_on(uid)

    def _go_on(self, uid: str) -> float | None:
        life, now = self._lives[uid], self._clock.elapsed()
        while life.due <= now:
            wait_s = next(life.steps, None)
            if wait_s is None:
                self._lives.pop(uid, None)
                return None
            life.due += wait_s
        return life.due - now

    def _end(self, pod: Json) -> float | None:
        """Its containers get the time to stop; finalizers of others may hold the pod for longer."""
        meta, now = pod["metadata"], self._clock.elapsed()
        if meta["uid"] not in self._ends:
            self._lives.pop(meta["uid"], None)
            time_s = 0.0 if is_by_hand(pod) else min(self._pace.start_s, meta.get("deletionGracePeriodSeconds") or 0)
            self._ends[meta["uid"]] = now + time_s
            for container in () if is_by_hand(pod) else pod.get("status", {}).get("containerStatuses") or ():
                if "running" in container["state"]:
                    said, where = f"Stopping container {container['name']}", f"spec.containers{{{container['name']}}}"
                    record(self._objects, pod, "Killing", said, source=PART, of=where)
        if (left_s := self._ends[meta["uid"]] - now) > 0:
            return left_s
        self._objects.delete("pods", meta["name"], meta["namespace"], KUBELET, grace_s=0)
        return None
