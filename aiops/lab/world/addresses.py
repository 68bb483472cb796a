"""What a cloud gives a LoadBalancer Service, and what the aggregator says of an API that another server serves."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.store import Event, Name, name_of
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import condition, itself
from aiops.lab.world.operators import keeping

CLOUD = Writer(user="system:serviceaccount:kube-system:service-controller", manager="cloud-controller-manager")
AGGREGATOR = Writer(user="system:apiserver", manager="kube-aggregator")
API_SERVICES = "apiservices.apiregistration.k8s.io"


def start(cluster: Cluster) -> None:
    """Let both run."""
    objects = cluster.objects

    def behind(event: Event) -> list[Name]:
        return [name_of(api) for api in objects.list(API_SERVICES) if _service(api) == event.name]

    def availability(api: Json, now: str) -> Json:
        return {"conditions": [_available(cluster, api, now)]}

    address, available = (
        keeping(cluster, "services", _address, CLOUD), keeping(cluster, API_SERVICES, availability, AGGREGATOR),
    )  # fmt: skip
    cluster.control("service-address", "cloud-controller-manager", address, {"services": itself})
    watches = {API_SERVICES: itself, "services": behind}
    cluster.control("api-service", "kube-apiserver", available, watches)


def _address(service: Json, _: str) -> Json:
    wanted = service["spec"].get("type") == "LoadBalancer"
    return {"loadBalancer": {"ingress": [{"ip": "203.0.113.20", "ipMode": "VIP"}]} if wanted else {}}


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
