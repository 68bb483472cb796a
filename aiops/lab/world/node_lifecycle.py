"""Nodes that take no pods are tainted, whoever says that they are not ready (kube-controller-manager,
controller/nodelifecycle)."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Name
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import itself
from aiops.lab.world.manager import MANAGER, PART
from aiops.lab.world.pods import condition_of

NOT_READY, UNREACHABLE, UNSCHEDULABLE = OWN = tuple(
    f"node.kubernetes.io/{name}" for name in ("not-ready", "unreachable", "unschedulable")
)
BY_STATUS = {"False": NOT_READY, "Unknown": UNREACHABLE}


def start(cluster: Cluster) -> None:
    """Let it run."""
    objects, clock = cluster.objects, cluster.clock

    async def reconcile(key: Name) -> None:
        node = objects.find("nodes", key[1])
        if node is not None:
            wanted, taints = _wanted(node), node["spec"].get("taints") or []
            have = {(each["key"], each["effect"]) for each in taints if each["key"] in OWN}
            if wanted != have:
                kept = [each for each in taints if each["key"] not in OWN or (each["key"], each["effect"]) in wanted]
                now = clock.stamp()
                added = [{"key": key, "effect": effect, "timeAdded": now} for key, effect in sorted(wanted - have)]
                objects.edit("nodes", key[1], "", lambda now: with_taints(now, [*kept, *added]), MANAGER)

    cluster.control("node-lifecycle", PART, reconcile, {"nodes": itself})


def _wanted(node: Json) -> set[tuple[str, str]]:
    """Key and effect of its own taints, as the node is."""
    found = {(UNSCHEDULABLE, "NoSchedule")} if node["spec"].get("unschedulable") else set()
    ready = condition_of(node, "Ready")
    if not ready:  # its kubelet has not been heard of: as the API server made it
        return found | {(NOT_READY, "NoSchedule")}
    if (key := BY_STATUS.get(ready["status"])) is not None:
        found |= {(key, "NoSchedule"), (key, "NoExecute")}
    return found


def with_taints(node: Json, taints: list[Json]) -> Json:
    """The node with these taints and no others."""
    spec = {key: value for key, value in node["spec"].items() if key != "taints"}
    return {**node, "spec": {**spec, "taints": taints} if taints else spec}
