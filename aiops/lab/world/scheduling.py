"""Pods get their nodes (kube-scheduler)."""

from collections.abc import Iterable, Iterator

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.store import Event, Name, name_of
from aiops.lab.cluster import Cluster
from aiops.lab.world.events import record
from aiops.lab.world.placement import Room, explained, obstacles
from aiops.lab.world.pods import condition_of, has_ended, is_going
from aiops.lab.world.volumes import CLAIMS, CLASSES, SELECTED, waits_for_pod

PART, SOURCE = "kube-scheduler", "default-scheduler"
SCHEDULER = Writer(user=f"system:{PART}", manager=PART)
UNBOUND = "pod has unbound immediate PersistentVolumeClaims"


def start(cluster: Cluster) -> None:
    """Let it run."""
    scheduler = Scheduler(cluster)
    watches = {"pods": scheduler.of_pod, "nodes": scheduler.of_node, CLAIMS: scheduler.pending}
    cluster.control("scheduler", PART, scheduler.reconcile, watches)


class Scheduler:
    """Looks at pods without a node, each time something changes that may help one of them."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects, self._clock = cluster.objects, cluster.clock

    def pending(self, _: Event) -> Iterable[Name]:
        """All pods that have no node."""
        return [name_of(pod) for pod in self._objects.list("pods") if not pod["spec"].get("nodeName")]

    def of_pod(self, event: Event) -> Iterable[Name]:
        """A pod without a node; and what a pod that ends or goes may have left to others."""
        if not event.object["spec"].get("nodeName"):
            is_other = event.old is None or event.old["spec"] != event.object["spec"]  # its status is no reason to look
            return (event.name,) if event.type != "DELETED" and is_other else ()
        was_over = event.old is not None and has_ended(event.old)
        left = event.type == "DELETED" or (has_ended(event.object) and not was_over)
        return self.pending(event) if left else ()

    def of_node(self, event: Event) -> Iterable[Name]:
        """A change that the filters see."""
        return self.pending(event) if event.old is None or _seen(event.object) != _seen(event.old) else ()

    async def reconcile(self, key: Name) -> None:
        """Bind a pod to the node that has the fewest pods of those that take it; else say why none does."""
        pod = self._objects.find("pods", key[1], key[0])
        if pod is None or pod["spec"].get("nodeName") or is_going(pod) or pod["spec"]["schedulerName"] != SOURCE:
            return
        if (missing := self._volumes(pod)) is not None:
            self._refuse(pod, f"0/{len(self._objects.list('nodes'))} nodes are available: {missing}. not found")
            return
        found = [(room, obstacles(pod, room)) for room in self._rooms()]
        free = [room for room, why in found if not why]
        if not free:
            self._refuse(pod, explained([why for _, why in found]))
            return
        best: str = min(free, key=lambda room: (len(room.pods), room.node["metadata"]["name"])).node["metadata"]["name"]
        if unbound := [claim for claim in self._claims(pod) if not _is_bound(claim)]:
            self._nominate(pod, best, unbound)
        else:
            self._bind(pod, best)

    def _rooms(self) -> list[Room]:
        found: dict[str, tuple[Json, list[Json]]] = {
            node["metadata"]["name"]: (node, []) for node in self._objects.list("nodes")
        }
        for pod in self._objects.list("pods"):
            if not has_ended(pod) and (name := pod["spec"].get("nodeName")) in found:
                found[name][1].append(pod)
        return [Room(node, pods) for node, pods in found.values()]

    def _volumes(self, pod: Json) -> str | None:
        """A claim that is not there, or not bound, unless that waits for the pod."""
        for name in _claim_names(pod):
            claim = self._objects.find(CLAIMS, name, pod["metadata"]["namespace"])
            if claim is None:
                return f'persistentvolumeclaim "{name}" not found'
            of_class = self._objects.find(CLASSES, claim["spec"].get("storageClassName") or "")
            if not _is_bound(claim) and not (of_class and waits_for_pod(of_class)):
                return UNBOUND
        return None

    def _claims(self, pod: Json) -> list[Json]:
        return [self._objects.get(CLAIMS, name, pod["metadata"]["namespace"]) for name in _claim_names(pod)]

    def _nominate(self, pod: Json, node: str, claims: list[Json]) -> None:
        """The node is the pod's once its volumes are there; until then nobody says so by a condition."""

        def select(now: Json) -> Json:
            notes = {**(now["metadata"].get("annotations") or {}), SELECTED: node}
            return {**now, "metadata": {**now["metadata"], "annotations": notes}}

        for claim in claims:
            meta = claim["metadata"]
            if SELECTED not in (meta.get("annotations") or {}):
                self._objects.edit(CLAIMS, meta["name"], meta["namespace"], select, SCHEDULER)
        if pod["status"].get("nominatedNodeName") != node:
            self._objects.set_status("pods", pod, {**pod["status"], "nominatedNodeName": node}, SCHEDULER)

    def _bind(self, pod: Json, node: str) -> None:
        def change(now: Json) -> Json:
            return {**now, "spec": {**now["spec"], "nodeName": node}}

        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        bound = self._objects.edit("pods", name, namespace, change, SCHEDULER, subresource="binding")
        self._say(bound, {"status": "True"})
        where = f"Successfully assigned {namespace}/{name} to {node}"
        record(self._objects, bound, "Scheduled", where, source=SOURCE)

    def _refuse(self, pod: Json, message: str) -> None:
        self._say(pod, {"status": "False", "reason": "Unschedulable", "message": message})
        record(self._objects, pod, "FailedScheduling", message, source=SOURCE, kind="Warning")

    def _say(self, pod: Json, said: Json) -> None:
        """The condition PodScheduled."""
        status, was = pod["status"], condition_of(pod, "PodScheduled")
        since = was["lastTransitionTime"] if was.get("status") == said["status"] else self._clock.stamp()
        now = {"type": "PodScheduled", **said, "lastProbeTime": None, "lastTransitionTime": since}
        others = [each for each in status.get("conditions") or () if each is not was]
        if now != was:
            self._objects.set_status("pods", pod, {**status, "conditions": [*others, now]}, SCHEDULER)


def _seen(node: Json) -> tuple[Json, Json, Json]:
    return node["spec"], node["metadata"].get("labels") or {}, node.get("status", {}).get("allocatable") or {}


def _claim_names(pod: Json) -> Iterator[str]:
    for volume in pod["spec"].get("volumes") or ():
        if name := (volume.get("persistentVolumeClaim") or {}).get("claimName"):
            yield name


def _is_bound(claim: Json) -> bool:
    return bool(claim.get("status", {}).get("phase") == "Bound")
