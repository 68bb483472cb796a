"""ResourceQuotas are counted (kube-controller-manager, pkg/controller/resourcequota)."""

from collections.abc import Iterable

from aiops.lab.api.store import Event, Name
from aiops.lab.cluster import Cluster
from aiops.lab.world.manager import MANAGER, PART
from aiops.lab.world.quota import used

RESOURCE = "resourcequotas"


def start(cluster: Cluster) -> None:
    """Let it run."""
    objects = cluster.objects

    def hear(event: Event) -> None:
        if event.resource != "events":
            for key in concerned(event):
                controller.look_at(key)

    def concerned(event: Event) -> Iterable[Name]:
        namespace = event.name[0]
        return (
            ((namespace, quota["metadata"]["name"]) for quota in objects.list(RESOURCE, namespace)) if namespace else ()
        )

    async def reconcile(key: Name) -> None:
        quota = objects.find(RESOURCE, key[1], key[0])
        if quota is not None:
            hard = quota["spec"].get("hard") or {}
            status = {"hard": hard, "used": used(objects, key[0], hard)}
            if status != quota.get("status"):
                objects.set_status(RESOURCE, quota, status, MANAGER)

    controller = cluster.control("resourcequota", PART, reconcile, {})
    cluster.store.subscribers.append(hear)
