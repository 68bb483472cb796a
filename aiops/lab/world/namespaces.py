"""Namespaces come with an account, and go with all that is in them (kube-controller-manager, controller/namespace)."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Event, Name
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import itself
from aiops.lab.world.manager import MANAGER, PART
from aiops.lab.world.pods import is_going

ACCOUNT = "default"


def start(cluster: Cluster) -> None:
    """Let it run."""
    controller = Namespaces(cluster)
    cluster.store.subscribers.append(controller.hear)


class Namespaces:
    """The controller, and that of their ServiceAccounts."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects, self._kinds = cluster.objects, cluster.kinds
        self._controller = cluster.control("namespace", PART, self.reconcile, {"namespaces": itself})

    def hear(self, event: Event) -> None:
        """Whatever leaves a namespace may have been the last, or its account."""
        if event.type == "DELETED" and event.name[0]:
            self._controller.look_at(("", event.name[0]))

    async def reconcile(self, key: Name) -> None:
        """Complete while it lives; empty before it goes."""
        name = key[1]
        namespace = self._objects.find("namespaces", name)
        if namespace is None:
            return
        self._phase(namespace, "Terminating" if is_going(namespace) else "Active")
        if is_going(namespace):
            if not self._drain(name):
                self._objects.edit("namespaces", name, "", lambda now: {**now, "spec": {}}, MANAGER)
        elif self._objects.find("serviceaccounts", ACCOUNT, name) is None:
            self._objects.create("serviceaccounts", {"metadata": {"name": ACCOUNT, "namespace": name}}, MANAGER)

    def _phase(self, namespace: Json, phase: str) -> None:
        if namespace.get("status", {}).get("phase") != phase:
            self._objects.set_status("namespaces", namespace, {"phase": phase}, MANAGER)

    def _drain(self, name: str) -> int:
        """Delete what is in it; how much is left."""
        resources = [kind.resource for kind in self._kinds if kind.namespaced]
        for resource in resources:
            for body in self._objects.list(resource, name):
                if not is_going(body):
                    self._objects.delete(resource, body["metadata"]["name"], name, MANAGER)
        return sum(len(self._objects.list(resource, name)) for resource in resources)
