"""The connections that the platform needs, read off its objects."""

from collections.abc import Iterable, Iterator, Mapping

from aiops.gitops.parsing import Body, items, part
from aiops.judge.labels import Labels, selects
from aiops.judge.monitors import watches
from aiops.judge.network.clients import controllers, prometheus, proxies
from aiops.judge.network.policies import Port
from aiops.judge.network.scene import Party, Path, Scene
from aiops.judge.network.servers import picker, pool, service, target
from aiops.snapshot import Json, Ref, ref_of


def paths(scene: Scene) -> tuple[Path, ...]:
    """From a Gateway's proxies to what its routes and policies name, from an endpoint picker to its pool's pods, and
    from Prometheus to what it scrapes; each once."""
    found = (*_of_routes(scene), *_of_policies(scene), *_of_monitors(scene))
    return tuple({(each.client.name, each.server.name, each.port): each for each in found}.values())


def gateways_of(route: Json) -> Iterator[tuple[str, str]]:
    """(namespace, name) of each Gateway that a route hangs on."""
    for ref in items(route, "spec", "parentRefs"):
        if (ref.get("kind") or "Gateway") == "Gateway":
            yield str(ref.get("namespace") or ref_of(route).namespace), str(ref.get("name"))


def backends_of(route: Json) -> Iterator[tuple[str, str, str, int | None]]:
    """(kind, namespace, name, port) of each backend of a route."""
    for rule in items(route, "spec", "rules"):
        for ref in items(rule, "backendRefs"):
            namespace = str(ref.get("namespace") or ref_of(route).namespace)
            yield str(ref.get("kind") or "Service"), namespace, str(ref.get("name")), ref.get("port")


def _of_routes(scene: Scene) -> Iterator[Path]:
    for route in scene.of("HTTPRoute", "GRPCRoute"):
        clients = [found for at in dict.fromkeys(gateways_of(route)) if (found := proxies(scene, *at)) is not None]
        for kind, namespace, name, port in backends_of(route):
            what = f"sends requests to {kind} {namespace}/{name}"
            if kind == "Service" and (served := service(scene, namespace, name, port)) is not None:
                yield from _each(clients, [served], ref_of(route), f"{what}:{port}")
            if kind == "InferencePool":
                yield from _each(clients, pool(scene, namespace, name), ref_of(route), what)
                yield from _of_picker(scene, clients, ref_of(route), namespace, name)


def _of_picker(scene: Scene, clients: Iterable[Party], route: Ref, namespace: str, name: str) -> Iterator[Path]:
    """The proxies ask the picker about each request, and it asks the pool's pods for their metrics."""
    found = picker(scene, namespace, name)
    if found is not None:
        named = f"InferencePool {namespace}/{name}"
        yield from _each(clients, [found], route, f"has the endpoint picker of {named} choose a pod")
        by = f"has the endpoint picker of {named} choose by the metrics of its pods"
        yield from _each([found[0]], pool(scene, namespace, name), route, by)


def _of_policies(scene: Scene) -> Iterator[Path]:
    """The backends that policies of a gateway name. agentgateway's controller fetches JSON Web Key Sets itself
    (agentgateway controller/pkg/agentgateway/jwks), its proxies ask all others."""
    for body in scene.of("AgentgatewayPolicy"):
        ref = ref_of(body)
        at = list(dict.fromkeys(_targets(scene, body)))
        asking = [found for each in at if (found := proxies(scene, *each)) is not None]
        fetching = [found for each in at[:1] if (found := controllers(scene, *each)) is not None]
        for way, backend in _backend_refs(part(body, "spec", "traffic"), ()):
            namespace, name = str(backend.get("namespace") or ref.namespace), str(backend.get("name"))
            if (backend.get("kind") or "Service") != "Service":
                continue
            served = service(scene, namespace, name, backend.get("port"))
            if served is not None:
                clients = fetching if "jwks" in way else asking
                yield from _each(clients, [served], ref, f"asks Service {namespace}/{name} ({way[0]})")


def _targets(scene: Scene, policy: Json) -> Iterator[tuple[str, str]]:
    """The Gateways of what a policy is for."""
    namespace = ref_of(policy).namespace
    for ref in items(policy, "spec", "targetRefs"):
        if ref.get("kind") == "Gateway":
            yield namespace, str(ref.get("name"))
        elif (route := scene.find(str(ref.get("kind")), namespace, str(ref.get("name")))) is not None:
            yield from gateways_of(route)


def _backend_refs(node: object, way: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Body]]:
    """Every backendRef beneath, with the keys that lead to it."""
    if isinstance(node, list):
        for each in node:
            yield from _backend_refs(each, way)
    elif isinstance(node, Mapping):
        for key, below in node.items():
            if key == "backendRef" and isinstance(below, Mapping):
                yield way, below
            else:
                yield from _backend_refs(below, (*way, key))


def _of_monitors(scene: Scene) -> Iterator[Path]:
    clients = list(prometheus(scene))
    for monitor in scene.of("ServiceMonitor") if clients else ():
        for body in scene.of("Service"):
            ref = ref_of(body)
            labels = Labels(part(body, "metadata", "labels"))
            if watches(monitor, ref.namespace) and selects(part(monitor, "spec", "selector"), labels):
                for endpoint in items(monitor, "spec", "endpoints"):
                    port = endpoint.get("targetPort") or target(body, endpoint.get("port"))
                    served = service(scene, ref.namespace, ref.name, None)
                    if served is not None and port is not None:
                        yield from _each(clients, [(served[0], port)], ref_of(monitor), f"scrapes {ref}")
    for monitor in scene.of("PodMonitor") if clients else ():
        yield from _of_pod_monitor(scene, clients, monitor)


def _of_pod_monitor(scene: Scene, clients: list[Party], monitor: Json) -> Iterator[Path]:
    selector = part(monitor, "spec", "selector")
    label = next(((key, str(text)) for key, text in part(selector, "matchLabels").items()), None)
    for namespace in sorted({pod.namespace for pod in scene.pods}):
        pods = scene.selected(namespace, selector)
        for pod in pods if watches(monitor, namespace) else ():
            for endpoint in items(monitor, "spec", "podMetricsEndpoints"):
                port: Port = endpoint.get("port") or endpoint.get("portNumber") or endpoint.get("targetPort")
                if not isinstance(port, str) or port in (pod.ports or {}):
                    party = Party(name=pod.owner, pods=(pod,), label=label)
                    yield from _each(clients, [(party, port)], ref_of(monitor), f"scrapes {pod.owner}")


def _each(clients: Iterable[Party], servers: Iterable[tuple[Party, Port]], needed_by: Ref, what: str) -> Iterator[Path]:
    for client in clients:
        for party, port in servers:
            yield Path(client=client, server=party, port=port, needed_by=needed_by, what=what)
