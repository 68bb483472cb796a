"""The cluster autoscaler: GPU nodes come for pods that wait for one, and leave when nothing uses them.

There is a node pool for each type of GPU that a pod pins in its nodeSelector; nvidia-l4 where it pins none.
"""

from collections.abc import Iterator

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.store import Event, Name
from aiops.lab.cluster import Cluster
from aiops.lab.faults import GPU_CAPACITY, GPU_QUOTA, NODE_NEVER_JOINS
from aiops.lab.world.by_hand import is_by_hand
from aiops.lab.world.events import record
from aiops.lab.world.node_lifecycle import with_taints
from aiops.lab.world.nodes import ACCELERATOR, POOL, complete, gpu_node, pool_of
from aiops.lab.world.placement import Room, obstacles
from aiops.lab.world.pods import asks_for_gpu, condition_of, has_ended

PART = "cluster-autoscaler"
WRITER = Writer(user="system:serviceaccount:kube-system:cluster-autoscaler", manager=PART)
MOST = 2
"""Nodes of one pool."""
REFUSAL_S, BACKOFF_S = 10.0, 300.0
"""How long the cloud takes to refuse a machine, and how long the autoscaler then asks for none of that pool
(autoscaler FAQ, --initial-node-group-backoff-duration)."""
LEAVING = "ToBeDeletedByClusterAutoscaler"
EVERYTHING = ("", "nodes")
"""The one key: it looks at all pods and nodes together."""


def start(cluster: Cluster) -> None:
    """Let it run."""
    autoscaler = Autoscaler(cluster)
    watches = {"pods": _of_gpu_pods, "nodes": lambda _: (EVERYTHING,)}
    controller = cluster.control(PART, PART, autoscaler.reconcile, watches)
    cluster.faults.listeners.append(lambda slug, on: controller.look_at(EVERYTHING))


def _of_gpu_pods(event: Event) -> tuple[Name, ...]:
    return (EVERYTHING,) if asks_for_gpu(event.object) else ()


class Autoscaler:
    """What it remembers is lost with the lab."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._objects = cluster, cluster.objects
        self._ordered: dict[str, tuple[str, float]] = {}
        """By uid of a pod: the accelerator of the node that was ordered for it, and when."""
        self._idle: dict[str, float] = {}
        """By node: since when nothing uses it."""
        self._paused: dict[str, float] = {}
        """By pool: until when it orders none."""
        self._number = 0

    async def reconcile(self, key: Name) -> float | None:
        """One look at everything."""
        pods = [pod for pod in self._objects.list("pods") if asks_for_gpu(pod) and not has_ended(pod)]
        nodes = [node for node in self._objects.list("nodes") if _pool(node) and not is_by_hand(node)]
        busy = {pod["spec"].get("nodeName") for pod in pods}
        free = [node for node in nodes if node["metadata"]["name"] not in busy and not _is_leaving(node)]
        waiting = [pod for pod in pods if _waits(pod)]
        uids = {pod["metadata"]["uid"] for pod in waiting}
        self._ordered = {uid: order for uid, order in self._ordered.items() if uid in uids}
        again = [*self._grow(waiting, nodes, free), *self._shrink(nodes, free)]
        return min(again, default=None)

    def _grow(self, waiting: list[Json], nodes: list[Json], free: list[Json]) -> Iterator[float]:
        """Orders a node for each pod that no free one is left for; seconds until the next look."""
        for pod in waiting:
            accelerator = _accelerator(pod)
            pool = pool_of(accelerator)
            reasons = _misfits(pod)
            mine = next((node for node in free if _pool(node) == pool and not reasons), None)
            if pod["metadata"]["uid"] in self._ordered:
                yield from self._await(pod, nodes)
            elif mine is not None:
                free.remove(mine)
            elif reasons := reasons or [*self._full(pool, nodes)]:
                said = "pod didn't trigger scale-up: " + ", ".join(f"1 {reason}" for reason in reasons)
                self._say(pod, "NotTriggerScaleUp", said)
                yield max(self._paused.get(pool, 0.0) - self._now, 0.0) or BACKOFF_S
            else:
                there = self._size(pool, nodes)
                said = f"pod triggered scale-up: [{{{pool} {there}->{there + 1} (max: {MOST})}}]"
                self._say(pod, "TriggeredScaleUp", said)
                self._ordered[pod["metadata"]["uid"]] = accelerator, self._now
                yield 0.0

    def _await(self, pod: Json, nodes: list[Json]) -> Iterator[float]:
        """What becomes of an order."""
        uid = pod["metadata"]["uid"]
        accelerator, since = self._ordered[uid]
        faults, pace = self._cluster.faults, self._cluster.pace
        after_s = REFUSAL_S if faults.on(GPU_QUOTA) else pace.node_joins_s
        if (left := since + after_s - self._now) > 0:
            yield left
        elif faults.on(GPU_QUOTA):
            del self._ordered[uid]
            self._paused[pool_of(accelerator)] = self._now + BACKOFF_S
            why = "Node scale up in zones us-central1-a associated with this pod failed: GCE quota exceeded"
            self._say(pod, "FailedScaleUp", f"{why}. Pod is at risk of not being scheduled.", kind="Warning")
            yield 0.0
        elif not faults.on(NODE_NEVER_JOINS):
            del self._ordered[uid]
            self._number += 1
            node = gpu_node(f"{pool_of(accelerator)}-{self._number}", accelerator)
            nodes.append(self._objects.create("nodes", node, WRITER))

    def _full(self, pool: str, nodes: list[Json]) -> Iterator[str]:
        if self._cluster.faults.on(GPU_QUOTA) and self._paused.get(pool, 0.0) > self._now:
            yield "in backoff after failed scale-up"
        elif self._cluster.faults.on(GPU_CAPACITY) or self._size(pool, nodes) >= MOST:
            yield "max node group size reached"

    def _size(self, pool: str, nodes: list[Json]) -> int:
        there = [_pool(node) for node in nodes] + [pool_of(each) for each, _ in self._ordered.values()]
        return there.count(pool)

    def _shrink(self, nodes: list[Json], free: list[Json]) -> Iterator[float]:
        """Takes away what nothing has used for a while."""
        names = {node["metadata"]["name"] for node in free}
        self._idle = {name: self._idle.get(name, self._now) for name in names}
        for node in nodes:
            name = node["metadata"]["name"]
            if _is_leaving(node):
                yield from self._remove(node)
            elif name in names:
                left = self._idle[name] + self._cluster.pace.node_idle_s - self._now
                if left <= 0:
                    self._mark(node)
                yield max(left, 0.0)

    def _mark(self, node: Json) -> None:
        taint = {"key": LEAVING, "value": str(int(self._cluster.clock.now().timestamp())), "effect": "NoSchedule"}

        taints = [*node["spec"].get("taints", ()), taint]
        self._say(node, "ScaleDown", "marked the node as toBeDeleted/unschedulable")
        self._objects.edit("nodes", node["metadata"]["name"], "", lambda now: with_taints(now, taints), WRITER)

    def _remove(self, node: Json) -> Iterator[float]:
        since = next(int(taint["value"]) for taint in node["spec"]["taints"] if taint["key"] == LEAVING)
        left = since + self._cluster.pace.node_leaves_s - self._cluster.clock.now().timestamp()
        if left > 0:
            yield left
        else:
            self._objects.delete("nodes", node["metadata"]["name"], "", WRITER)

    def _say(self, about: Json, reason: str, message: str, kind: str = "Normal") -> None:
        record(self._objects, about, reason, message, source=PART, kind=kind)

    @property
    def _now(self) -> float:
        return self._cluster.clock.elapsed()


def _waits(pod: Json) -> bool:
    """The scheduler found no node for it."""
    unschedulable = condition_of(pod, "PodScheduled").get("reason") == "Unschedulable"
    return unschedulable and not pod["spec"].get("nodeName") and not is_by_hand(pod)


def _pool(node: Json) -> str:
    labels = node["metadata"].get("labels") or {}
    return str(labels.get(POOL, "")) if ACCELERATOR in labels else ""


def _is_leaving(node: Json) -> bool:
    return any(taint["key"] == LEAVING for taint in node["spec"].get("taints") or ())


def _accelerator(pod: Json) -> str:
    return str((pod["spec"].get("nodeSelector") or {}).get(ACCELERATOR, "nvidia-l4"))


def _misfits(pod: Json) -> list[str]:
    """Why a new node would not do, in the scheduler's words."""
    node = complete(gpu_node("new", _accelerator(pod)))
    return [each.words for each in obstacles(pod, Room(node, ()))]
