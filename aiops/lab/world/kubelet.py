"""Every node's kubelet: its pods become ready and end, in the time that takes.

Left out: probes, volumes, Secrets that are not there, evictions, heartbeats.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Event, Name, name_of
from aiops.lab.cluster import Cluster
from aiops.lab.world.by_hand import is_by_hand
from aiops.lab.world.containers import statuses
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
        self._cluster, self._objects, self._clock = cluster, cluster.objects, cluster.clock
        self._images: defaultdict[str, set[str]] = defaultdict(set)
        """On each node, by its uid."""
        self._pods = 0
        self._lives: dict[str, Life] = {}
        """By uid."""
        self._ends: dict[str, float] = {}
        """By uid, when a pod that is being deleted has ended."""

    def of_pod(self, event: Event) -> tuple[Name, ...]:
        """The pod, while it is there."""
        if event.type != "DELETED":
            return (event.name,)
        uid = event.object["metadata"]["uid"]
        self._lives.pop(uid, None)
        self._ends.pop(uid, None)
        return ()

    def of_node(self, event: Event) -> list[Name]:
        """The pods of a node that has come."""
        if event.type != "ADDED":
            return []
        return [name_of(pod) for pod in self._objects.list("pods") if pod["spec"].get("nodeName") == event.name[1]]

    async def reconcile(self, key: Name) -> float | None:
        """Go on with a pod as far as it is time."""
        pod = self._objects.find("pods", key[1], key[0])
        node = pod and self._objects.find("nodes", pod["spec"].get("nodeName", ""))
        if pod is None or node is None:
            return None
        if is_going(pod):
            return self._end(pod)
        uid = pod["metadata"]["uid"]
        if is_by_hand(pod) or has_ended(pod):
            self._lives.pop(uid, None)
            return None
        if uid not in self._lives:
            if pod["status"]["phase"] != "Pending":
                return None
            self._lives[uid] = Life(self._begin(pod, node), self._clock.elapsed())
        return self._go_on(uid)

    def _begin(self, pod: Json, node: Json) -> Iterator[float]:
        self._pods += 1
        address = f"10.244.{self._pods >> 8 & 255}.{self._pods & 255}"
        return PodLife(self._cluster, pod, address, self._images[node["metadata"]["uid"]]).steps()

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
            self._ends[meta["uid"]] = now + self._stop(pod)
        if (left_s := self._ends[meta["uid"]] - now) > 0:
            return left_s
        self._objects.delete("pods", meta["name"], meta["namespace"], KUBELET, grace_s=0)
        return None

    def _stop(self, pod: Json) -> float:
        """How long that takes."""
        if is_by_hand(pod):
            return 0.0
        for container in statuses(pod["status"]):
            if "running" in container["state"]:
                said, of = f"Stopping container {container['name']}", f"spec.containers{{{container['name']}}}"
                record(self._objects, pod, "Killing", said, source=PART, of=of)
        return min(self._cluster.pace.stop_s, float(pod["metadata"]["deletionGracePeriodSeconds"]))
