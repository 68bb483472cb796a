"""Who answers: the pods behind a Service, and behind an InferencePool with its endpoint picker."""

from collections.abc import Iterable

from aiops.gitops.parsing import Body, items, part, value
from aiops.judge.labels import Labels
from aiops.judge.network.pods import UNKNOWN, Pod
from aiops.judge.network.policies import Port
from aiops.judge.network.scene import Party, Scene
from aiops.snapshot import Json

PICKER_PORT = 9002
"""Of an endpoint picker, where a pool names none (gateway-api-inference-extension)."""


def service(scene: Scene, namespace: str, name: str, port: int | str | None) -> tuple[Party, Port] | None:
    """The pods that a Service sends requests for a port to, and theirs; None where it sends them to no pods that
    anybody could name, or is not there."""
    called = f"Service {namespace}/{name}"
    body = scene.find("Service", namespace, name)
    if body is None:
        unknown = Party(name=called, pods=(Pod(namespace=namespace, labels=UNKNOWN),))
        return None if scene.whole else (unknown, None)
    selector = {key: str(text) for key, text in part(body, "spec", "selector").items()}
    if not selector or value(body, "spec", "type") == "ExternalName":
        return None
    pods = _selected(scene, namespace, selector)
    return Party(name=called, pods=pods, label=next(iter(selector.items()))), target(body, port)


def target(body: Body, port: int | str | None) -> Port:
    """The pods' port behind one of a Service, by its number or its name; None where the Service has no such port."""
    for each in items(body, "spec", "ports"):
        if port is not None and port in (each.get("port"), each.get("name")):
            found = str(each.get("targetPort") or each.get("port"))
            return int(found) if found.isdecimal() else found
    return None


def selector_of(pool: Body) -> dict[str, str]:
    """The labels that a pool's pods have: `selector.matchLabels`, or in older versions `selector` itself."""
    found = part(pool, "spec", "selector")
    labels = part(found, "matchLabels") if "matchLabels" in found else found
    return {key: str(text) for key, text in labels.items()}


def pool(scene: Scene, namespace: str, name: str) -> list[tuple[Party, Port]]:
    """A pool's pods, with each of its ports. They are always in its own namespace."""
    called = f"InferencePool {namespace}/{name}"
    body = scene.find("InferencePool", namespace, name)
    if body is None:
        unknown = Party(name=called, pods=(Pod(namespace=namespace, labels=UNKNOWN),))
        return [] if scene.whole else [(unknown, None)]
    selector = selector_of(body)
    if not selector:
        return []
    party = Party(name=called, pods=_selected(scene, namespace, selector), label=next(iter(selector.items())))
    return [(party, port) for port in _ports(body)]


def picker(scene: Scene, namespace: str, name: str) -> tuple[Party, Port] | None:
    """A pool's endpoint picker, a Service of its namespace. Newer versions of the chart `inferencepool` label it so."""
    body = scene.find("InferencePool", namespace, name)
    if body is None:
        known = {"inferencepool": f"{name}-epp"}
        pod = Pod(namespace=namespace, labels=Labels(known, "any"))
        made = Party(name=f"the endpoint picker of InferencePool {namespace}/{name}", pods=(pod,))
        return None if scene.whole else (made, PICKER_PORT)
    ref = part(body, "spec", "endpointPickerRef") or part(body, "spec", "extensionRef")
    if not ref or (ref.get("kind") or "Service") != "Service":
        return None
    port = value(ref, "port", "number") or ref.get("portNumber") or PICKER_PORT
    found = service(scene, namespace, str(ref.get("name")), int(port))
    if found is None:
        return None
    party, target_port = found
    return Party(name=f"the endpoint picker {party.name}", pods=party.pods, label=party.label), target_port


def _selected(scene: Scene, namespace: str, selector: dict[str, str]) -> tuple[Pod, ...]:
    """The pods; where nothing makes one that is known, what the selector tells of them."""
    known = scene.selected(namespace, {"matchLabels": selector})
    return known or (Pod(namespace=namespace, labels=Labels(selector, "any")),)


def _ports(body: Json) -> Iterable[Port]:
    ports = [each.get("number") for each in items(body, "spec", "targetPorts")] or [
        value(body, "spec", "targetPortNumber")
    ]
    return [int(port) if port is not None else None for port in ports]
