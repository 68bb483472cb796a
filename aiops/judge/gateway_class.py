"""The class of a Gateway: which application of a tree brings its controller, and what is wrong with it on a cluster."""

from collections.abc import Mapping, Sequence

from aiops.gitops.application import Application
from aiops.gitops.declared import Declared
from aiops.gitops.parsing import value
from aiops.judge.fields import is_true
from aiops.judge.network.clients import controllers
from aiops.judge.network.pods import pods_of
from aiops.judge.network.scene import Scene
from aiops.snapshot import Json, ref_of


def bringing(declared: Declared, of_class: str) -> list[Application]:
    """The applications that bring a class: its object, else the chart, folder or application that is called so."""
    names = {each.application for each in declared.of("GatewayClass") if each.name == of_class}
    every = declared.tree.applications
    return [app for app in every if app.name in names] or [app for app in every if of_class in _called(app)]


def _called(app: Application) -> set[str]:
    charts = (source.chart or (source.path or "").rstrip("/") for source in app.sources)
    return {app.name, *(chart.rpartition("/")[2] for chart in charts)}


def profiles_without(profiles: Mapping[str, tuple[str, ...]], layer: str, those: set[str]) -> list[str]:
    """The profiles that have a layer and none of those."""
    return [name for name, layers in profiles.items() if layer in layers and not those & set(layers)]


def class_fault(gateway: Json, classes: Sequence[Json], deployments: Sequence[Json]) -> str:
    """What of its class keeps a Gateway from being programmed; empty where nothing is seen."""
    ref, of_class = ref_of(gateway), str(value(gateway, "spec", "gatewayClassName") or "")
    found = next((each for each in classes if ref_of(each).name == of_class), None)
    objects = (gateway, *classes)
    pods = tuple(pod for each in deployments for pod in pods_of(each))
    controller = controllers(Scene(objects=objects, pods=pods, whole=True), ref.namespace, ref.name)
    owners = {pod.owner for pod in controller.pods} if controller else set()
    down = [each for each in deployments if str(ref_of(each)) in owners and not _is_up(each)]
    if down:
        return f"the controller of its class is down: {ref_of(down[0])} has no pod that is ready"
    if found is None:
        return f"there is no GatewayClass {of_class}: its controller makes it, or the application that brings it"
    if not is_true(found, "Accepted"):
        return f"no controller has accepted GatewayClass {of_class}"
    return ""


def _is_up(deployment: Json) -> bool:
    return bool(value(deployment, "status", "availableReplicas"))
