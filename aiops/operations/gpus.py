"""Everything on a cluster that holds a GPU or asks for one, in one parallel look."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from aiops.clients.kube import DEPLOYMENTS, NODES, PODS, Kind, Kube
from aiops.collect import gather
from aiops.errors import AiopsError, Forbidden, NotFound
from aiops.judge.stoppable import gpu_pods, pods_of
from aiops.snapshot import Json

SCALEDOBJECTS = Kind("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects")
"""Of KEDA 2; named here, because discovery is one more thing that an emergency stop would depend on."""


@dataclass(frozen=True)
class Gpus:
    """One look."""

    deployments: tuple[Json, ...]
    pods: tuple[Json, ...]
    nodes: tuple[Json, ...]
    scaledobjects: tuple[Json, ...]
    unread: str = ""
    """Why the ScaledObjects could not be read; empty where they were, or where there is no KEDA."""

    def deployment(self, namespace: str, name: str) -> Json | None:
        """One of them."""
        each: Json
        for each in self.deployments:
            if (each["metadata"]["namespace"], each["metadata"]["name"]) == (namespace, name):
                return each
        return None

    def nodes_of(self, deployment: Json) -> tuple[Json, ...]:
        """The nodes that its pods are on."""
        names = {pod["spec"].get("nodeName") for pod in pods_of(deployment, self.pods)}
        return tuple(node for node in self.nodes if node["metadata"]["name"] in names)


def look_at_gpus(kube: Kube) -> Gpus:
    """The look; raises what keeps it from seeing Deployments, pods or nodes."""
    reads: dict[Kind, Callable[[], tuple[Json, ...]]] = {
        kind: partial(_all, kube, kind) for kind in (DEPLOYMENTS, PODS, NODES, SCALEDOBJECTS)
    }
    answers, failures = gather(reads)
    keda: AiopsError | None = failures.pop(SCALEDOBJECTS, None)
    if keda is not None and not isinstance(keda, (Forbidden, NotFound)):
        raise keda
    for error in failures.values():
        raise error
    unread = keda.message if isinstance(keda, Forbidden) else ""
    return Gpus(answers[DEPLOYMENTS], answers[PODS], answers[NODES], answers.get(SCALEDOBJECTS, ()), unread)


def users_of(pods: tuple[Json, ...]) -> dict[str, str]:
    """Node: the GPU pods on it, in words."""
    users: dict[str, str] = {}
    for pod in gpu_pods(pods):
        if node := pod["spec"].get("nodeName"):
            name = f"Pod {pod['metadata']['namespace']}/{pod['metadata']['name']}"
            users[node] = f"{users[node]}, {name}" if node in users else name
    return users


def _all(kube: Kube, kind: Kind) -> tuple[Json, ...]:
    return kube.list(kind).items
