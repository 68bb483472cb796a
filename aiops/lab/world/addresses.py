"""What a cloud gives a LoadBalancer Service, and what the aggregator says of an API that another server serves."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.store import Event, Name, name_of
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import condition, itself
from aiops.lab.world.by_hand import is_by_hand
from aiops.lab.world.operators import keep_status

CLOUD = Writer(user="system:serviceaccount:kube-system:service-controller", manager="cloud-controller-manager")
AGGREGATOR = Writer(user="system:apiserver", manager="kube-aggregator")
API_SERVICES = "apiservices.apiregistration.k8s.io"


def start(cluster: Cluster) -> None:
    """Let both run."""
    objects = cluster.objects

    async def address(key: Name) -> float | None:
        service = objects.find("services", key[1], key[0])
        if service is not None and not is_by_hand(service):
            wanted = service["spec"].get("type") == "LoadBalancer"
            balancer: Json = {"ingress": [{"ip": "203.0.113.20", "ipMode": "VIP"}]} if wanted else {}
            keep_status(cluster, "services", service, {"loadBalancer": balancer}, CLOUD)
        return None

    async def availability(key: Name) -> float | None:
        api = objects.find(API_SERVICES, key[1])
        if api is not None and not is_by_hand(api):
            now = cluster.clock.stamp()
            keep_status(cluster, API_SERVICES, api, {"conditions": [_available(cluster, api, now)]}, AGGREGATOR)
        return None

    def behind(event: Event) -> list[Name]:
        return [name_of(api) for api in objects.list(API_SERVICES) if _service(api) == event.name]

    cluster.control("service-address", "cloud-controller-manager", address, {"services": itself})
    watches = {API_SERVICES: itself, "services": behind}
    cluster.control("api-service", "kube-apiserver", availability, watches)


def _service(api: Json) -> Name | None:
    service = api["spec"].get("service")
    return service and (service["namespace"], service["name"])


def _available(cluster: Cluster, api: Json, now: str) -> Json:
    """As the aggregator words it; nothing in the lab serves an API for another server."""
    service = _service(api)
    if service is None:
        return condition("Available", True, "Local", "Local APIServices are always available", now=now)
    namespace, name = service
    who = f'service/{name} in "{namespace}"'
    if cluster.objects.find("services", name, namespace) is None:
        return condition("Available", False, "ServiceNotFound", f"{who} is not present", now=now)
    return condition("Available", False, "MissingEndpoints", f"endpointslices for {who} have no addresses", now=now)
