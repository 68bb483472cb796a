"""Who asks: the proxies of a Gateway, the controller of its class, Prometheus."""

import re
from collections.abc import Iterator

from aiops.gitops.parsing import items, value
from aiops.judge.in_cluster import address_of
from aiops.judge.labels import Labels
from aiops.judge.network.pods import UNKNOWN, Pod
from aiops.judge.network.scene import Party, Scene
from aiops.snapshot import ref_of

GATEWAY = "gateway.networking.k8s.io/gateway-name"
"""The label of what a controller makes for a Gateway, in its namespace (GEP-1762)."""
_CLASS = "gateway.networking.k8s.io/gateway-class-name"
_ENVOY = ("gateway.envoyproxy.io/owning-gateway-name", "gateway.envoyproxy.io/owning-gateway-namespace")
"""Envoy Gateway's, whose proxies run in its own namespace."""
_ELSEWHERE = re.compile(
    r"^(networking\.gke\.io|io\.cilium|gateway\.envoyproxy\.io|.*\.amazonaws\.com)/|^(gke-|cilium$)"
)
"""Controllers, or classes of theirs, whose proxies are no pods, or not of the Gateway's namespace."""
_NAMES = ("app.kubernetes.io/name", "app.kubernetes.io/instance", "app")
_PROMETHEUS = re.compile(r"(?:^|/)prometheus(?:[:@][^/]*)?$")


def proxies(scene: Scene, namespace: str, name: str) -> Party | None:
    """The proxies of a Gateway; None where they are no pods of the cluster that anybody could name."""
    called, label = f"Gateway {namespace}/{name}", (GATEWAY, name)
    where = "a Gateway's proxies run in its own namespace, not in its controller's"
    if pods := scene.selected(namespace, {"matchLabels": {GATEWAY: name}}):
        return Party(name=called, pods=pods, label=label, where=where)
    owned = {"matchLabels": dict(zip(_ENVOY, (name, namespace), strict=True))}
    if pods := tuple(pod for each in {pod.namespace for pod in scene.pods} for pod in scene.selected(each, owned)):
        return Party(name=called, pods=pods, label=(_ENVOY[0], name))
    controller, of_class = controller_of(scene, namespace, name)
    if _ELSEWHERE.search(controller) or _ELSEWHERE.search(of_class):
        return None
    known = Labels({GATEWAY: name, **({_CLASS: of_class} if of_class else {})}, "any")
    return Party(name=called, pods=(Pod(namespace=namespace, labels=known),), label=label, where=where)


def controller_of(scene: Scene, namespace: str, name: str) -> tuple[str, str]:
    """(controllerName of its class, its class) of a Gateway; empty where it is not known."""
    gateway = scene.find("Gateway", namespace, name)
    of_class = str(value(gateway, "spec", "gatewayClassName") or "")
    found = (body for body in scene.of("GatewayClass") if ref_of(body).name == of_class)
    return str(value(next(found, None), "spec", "controllerName") or ""), of_class


def controllers(scene: Scene, namespace: str, name: str) -> Party | None:
    """The controller of a Gateway's class, which is called like the class or as its controllerName ends; None where no
    pods are."""
    controller, of_class = controller_of(scene, namespace, name)
    names = {controller.rpartition("/")[2], of_class} - {""}
    for pod in scene.pods:
        label = next(((key, text) for key in _NAMES if (text := pod.labels.known.get(key)) in names), None)
        if label and GATEWAY not in pod.labels.known:
            pods = scene.selected(pod.namespace, {"matchLabels": dict([label])})
            return Party(name=f"the controller of Gateway {namespace}/{name}", pods=pods, label=label)
    return None


def prometheus(scene: Scene) -> Iterator[Party]:
    """Every Prometheus: what runs its image, what an operator makes of a Prometheus, and where autoscalers ask one."""
    seen: set[str] = set()
    for pod in scene.pods:
        if any(map(_PROMETHEUS.search, pod.images)) and pod.namespace not in seen:
            seen.add(pod.namespace)
            label = next(((key, pod.labels.known[key]) for key in _NAMES if key in pod.labels.known), None)
            yield Party(name=f"Prometheus in {pod.namespace}", pods=(pod,), label=label)
    for body in scene.of("Prometheus", "PrometheusAgent"):
        ref = ref_of(body)
        if ref.namespace not in seen:
            seen.add(ref.namespace)
            label = ("operator.prometheus.io/name", ref.name)
            pod = Pod(namespace=ref.namespace, labels=Labels({**dict([label]), "prometheus": ref.name}, "any"))
            yield Party(name=f"Prometheus in {ref.namespace}", pods=(pod,), label=label)
    if scene.whole:
        return
    for namespace in sorted(set(_asked(scene)) - seen):
        yield Party(name=f"Prometheus in {namespace}", pods=(Pod(namespace=namespace, labels=UNKNOWN),))


def _asked(scene: Scene) -> Iterator[str]:
    """The namespaces of the servers that triggers of KEDA ask: a chart may bring Prometheus."""
    known = {pod.namespace for pod in scene.pods}
    for body in scene.of("ScaledObject"):
        for trigger in items(body, "spec", "triggers"):
            url = str(value(trigger, "metadata", "serverAddress") or "")
            if trigger.get("type") == "prometheus" and (found := address_of(url, ref_of(body).namespace, known)):
                yield found.namespace
