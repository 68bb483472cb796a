"""Which GPU workloads may be switched off wholesale: what Argo CD tracks or aiops raised, and nobody else's."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from aiops.judge.labels import Labels, selects
from aiops.judge.model import asks_for_gpu
from aiops.judge.raised import raised_of
from aiops.snapshot import Json, ref_of

TRACKING_ID, TRACKING_LABEL = "argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"
ENDED = ("Succeeded", "Failed")
"""The phases of a pod that holds nothing any more."""


@dataclass(frozen=True)
class Running:
    """A workload that holds, or asks for, GPUs."""

    kind: str
    namespace: str
    name: str
    gpus: int
    """Of all its pods together."""
    why_not: str = ""
    """Why it is left alone, and where a command stops it that command; empty: it may be lowered."""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


def running_models(deployments: Iterable[Json], pods: Iterable[Json]) -> tuple[Running, ...]:
    """Every Deployment that wants GPU pods, and every GPU pod of none; those that may be lowered first."""
    deployments = tuple(deployments)
    found = (*_deployments(deployments), *_pods(deployments, pods))
    return tuple(sorted(found, key=lambda each: (bool(each.why_not), each.namespace, each.name)))


def gpu_pods(pods: Iterable[Json]) -> tuple[Json, ...]:
    """The pods that hold a GPU, or would once they have a node."""
    return tuple(pod for pod in pods if asks_for_gpu(pod) and pod.get("status", {}).get("phase") not in ENDED)


def pods_of(deployment: Json, pods: Iterable[Json]) -> tuple[Json, ...]:
    """The pods that a Deployment's selector selects, those that are ending too; not those that a Job, say, controls."""
    namespace, selector = deployment["metadata"]["namespace"], deployment["spec"].get("selector") or {}
    return tuple(
        pod
        for pod in pods
        if pod["metadata"].get("namespace") == namespace
        and _selected(selector, pod["metadata"].get("labels") or {})
        and (_controller(pod) or {}).get("kind") == "ReplicaSet"
    )


def _selected(selector: Json, labels: Mapping[str, str]) -> bool:
    named = bool(selector.get("matchLabels") or selector.get("matchExpressions"))
    return named and selects(selector, Labels(labels)) is True


def _controller(body: Json) -> Json | None:
    """Its owner that would make it again."""
    owners: Iterable[Json] = body["metadata"].get("ownerReferences") or ()
    return next((each for each in owners if each.get("controller")), None)


def _deployments(deployments: Iterable[Json]) -> Iterator[Running]:
    for body in deployments:
        meta, wanted = body["metadata"], int(body["spec"].get("replicas", 1))
        if (gpus := asks_for_gpu(body)) and wanted:
            yield Running("Deployment", meta["namespace"], meta["name"], gpus * wanted, _why_not(body))


def _why_not(deployment: Json) -> str:
    meta, owner = deployment["metadata"], _controller(deployment)
    if owner is not None:
        cure = f"aiops pause {meta['namespace']}/{owner['name']}" if owner["kind"] == "InferenceService" else ""
        return f"{owner['kind']} {owner['name']} would bring it back{f'; `{cure}` stops it' if cure else ''}"
    if raised_of(deployment) is not None or application_of(deployment):
        return ""
    by_hand = f"kubectl -n {meta['namespace']} scale deployment {meta['name']} --replicas=0"
    return f"neither Argo CD nor aiops put it there; `{by_hand}` stops it"


def application_of(body: Json) -> str:
    """The application that Argo CD tracks an object for: by the annotation, where it names this very object (a copied
    one does not), or by Argo CD's own label; empty where it tracks it for none."""
    meta, ref = body["metadata"], ref_of(body)
    tracked = str((meta.get("annotations") or {}).get(TRACKING_ID, ""))
    if tracked.endswith(f":{ref.group}/{ref.kind}:{ref.namespace}/{ref.name}"):
        return tracked.partition(":")[0]
    return str((meta.get("labels") or {}).get(TRACKING_LABEL, ""))


def stop_command(deployment: Json) -> str:
    """The command that stops this one and no other."""
    if application := application_of(deployment):
        return f"aiops vllm-down {application}"
    meta = deployment["metadata"]
    return f"kubectl -n {meta['namespace']} scale deployment {meta['name']} --replicas=0"


def _pods(deployments: tuple[Json, ...], pods: Iterable[Json]) -> Iterator[Running]:
    pods = gpu_pods(pods)
    owned = {pod["metadata"]["uid"] for body in deployments for pod in pods_of(body, pods)}
    for pod in pods:
        meta = pod["metadata"]
        if meta["uid"] in owned:
            continue
        owner = _controller(pod)
        of = f"of {owner['kind']} {owner['name']}" if owner else "of nobody"
        yield Running("Pod", meta["namespace"], meta["name"], asks_for_gpu(pod), f"{of}, no Deployment's")
