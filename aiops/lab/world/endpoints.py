"""EndpointSlices: which pods stand behind a Service (kube-controller-manager, pkg/controller/endpointslice).

One slice for a Service, whatever the number of its pods; of ports those that have a number.
"""

from aiops.lab.api.kinds import Json
from aiops.lab.api.selectors import chooses
from aiops.lab.api.store import Event, Name, name_of
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import itself
from aiops.lab.world.manager import MANAGER, PART
from aiops.lab.world.ownership import owned, reference
from aiops.lab.world.pods import has_ended, is_going, is_ready

RESOURCE = "endpointslices.discovery.k8s.io"
SERVICE, BY = "kubernetes.io/service-name", "endpointslice.kubernetes.io/managed-by"


def start(cluster: Cluster) -> None:
    """Let it run."""
    slices = EndpointSlices(cluster)
    cluster.control("endpointslice", PART, slices.reconcile, {"services": itself, "pods": slices.before})


class EndpointSlices:
    """The controller."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects = cluster.objects

    def before(self, event: Event) -> list[Name]:
        """The Services that stand before a pod."""
        labels = event.object["metadata"].get("labels") or {}
        return [name_of(each) for each in self._objects.list("services", event.name[0]) if _selects(each, labels)]

    async def reconcile(self, key: Name) -> None:
        """One slice with the pods that are there."""
        service = self._objects.find("services", key[1], key[0])
        if service is None or is_going(service) or not service["spec"].get("selector"):
            return
        pods = [pod for pod in self._objects.list("pods", key[0]) if _is_behind(service, pod)]
        found = {"endpoints": [_endpoint(pod) for pod in pods], "ports": _ports(service)}
        there = owned(self._objects, RESOURCE, service)
        if not there:
            self._objects.create(RESOURCE, {**_slice(service), **found}, MANAGER)
        elif {name: there[0].get(name) or [] for name in found} != found:
            name = there[0]["metadata"]["name"]
            self._objects.edit(RESOURCE, name, key[0], lambda now: {**now, **found}, MANAGER)


def _slice(service: Json) -> Json:
    meta = service["metadata"]
    labels = {SERVICE: meta["name"], BY: "endpointslice-controller.k8s.io"}
    return {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {
            "generateName": f"{meta['name']}-", "namespace": meta["namespace"], "labels": labels,
            "ownerReferences": [reference(service)],
        },
    }  # fmt: skip


def _is_behind(service: Json, pod: Json) -> bool:
    has_address = bool(pod.get("status", {}).get("podIP"))
    return has_address and not has_ended(pod) and _selects(service, pod["metadata"].get("labels") or {})


def _selects(service: Json, labels: Json) -> bool:
    selector = service["spec"].get("selector")
    return bool(selector) and chooses({"matchLabels": selector}, labels)


def _endpoint(pod: Json) -> Json:
    meta, going = pod["metadata"], is_going(pod)
    conditions = {"ready": is_ready(pod) and not going, "serving": is_ready(pod), "terminating": going}
    target = {"kind": "Pod", "name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]}
    return {
        "addresses": [pod["status"]["podIP"]], "conditions": conditions, "targetRef": target,
        "nodeName": pod["spec"]["nodeName"],
    }  # fmt: skip


def _ports(service: Json) -> list[Json]:
    found = []
    for port in service["spec"].get("ports") or ():
        number = port.get("targetPort", port["port"])
        if isinstance(number, int):
            found.append({"name": port.get("name", ""), "port": number, "protocol": port.get("protocol", "TCP")})
    return found
