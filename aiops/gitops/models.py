"""The workloads that ask for GPUs, as the tree leaves them: what costs money once it runs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from aiops.errors import TreeError
from aiops.gitops.document import Document
from aiops.gitops.parsing import Body, items, part, value
from aiops.gitops.patches import patched

GPU = "nvidia.com/gpu"
"""The extended resource that a container asks for."""

ACCELERATOR_LABELS = ("cloud.google.com/gke-accelerator", "nvidia.com/gpu.product", "k8s.amazonaws.com/accelerator")
"""Labels of a node that name its GPU type."""
_TEMPLATE = "spec.template.spec"
_PODS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "Pod": (("", "spec", ""),),
    "Deployment": (("", _TEMPLATE, "spec.replicas"),),
    "ReplicaSet": (("", _TEMPLATE, "spec.replicas"),),
    "StatefulSet": (("", _TEMPLATE, "spec.replicas"),),
    "DaemonSet": (("", _TEMPLATE, ""),),
    "Job": (("", _TEMPLATE, "spec.parallelism"),),
    "CronJob": (("", f"spec.jobTemplate.{_TEMPLATE}", "spec.jobTemplate.spec.parallelism"),),
    "InferenceService": tuple(
        (name, f"spec.{name}", f"spec.{name}.minReplicas") for name in ("predictor", "transformer", "explainer")
    ),
    "LLMInferenceService": (
        ("decode", "spec.template", "spec.replicas"),
        ("worker", "spec.worker", "spec.replicas"),
        ("prefill", "spec.prefill.template", "spec.prefill.replicas"),
        ("prefill-worker", "spec.prefill.worker", "spec.prefill.replicas"),
    ),
}
"""Kind: its parts, each with the path of its pod spec and of its number of pods."""


@dataclass(frozen=True)
class GpuWorkload:
    """A workload, or one part of a KServe service, whose pods ask for GPUs."""

    kind: str
    namespace: str
    name: str
    replicas: int
    """Pods that the manifest wants; 1 for a DaemonSet, though it is one per node."""
    gpus: int
    """GPUs per pod."""
    accelerator: str | None
    """The GPU type that its node selector pins, as the node's label spells it."""
    part: str = ""
    """Of a KServe service: predictor, decode, prefill ..."""


def gpu_workloads(documents: Iterable[Document]) -> tuple[GpuWorkload, ...]:
    """The GPU workloads among the documents, patches applied; TreeError where a number is none."""
    return tuple(found for document in patched(documents) for found in _workloads(document))


def _workloads(document: Document) -> Iterator[GpuWorkload]:
    for name, pod_path, replicas_path in _PODS.get(document.kind, ()):
        spec = part(document.body, *pod_path.split("."))
        if gpus := _gpus(spec, document):
            pinned = (value(spec, "nodeSelector", label) for label in ACCELERATOR_LABELS)
            yield GpuWorkload(
                kind=document.kind,
                namespace=document.namespace,
                name=document.name,
                replicas=_replicas(document, replicas_path),
                gpus=gpus,
                accelerator=next((str(label) for label in pinned if label), None),
                part=name,
            )


def _replicas(document: Document, path: str) -> int:
    body, kserve = document.body, document.group == "serving.kserve.io"
    stopped = kserve and value(body, "metadata", "annotations", "serving.kserve.io/stop") == "true"
    if stopped or value(body, "spec", "suspend") is True:
        return 0
    written = value(body, *path.split("."))
    replicas = 1 if written is None else _whole(written, path, document)
    # KServe's Standard mode has no scale to zero: minReplicas 0 becomes 1 (kserve#3514).
    return max(1, replicas) if kserve else replicas


def _gpus(spec: Body, document: Document) -> int:
    """GPUs of one pod: its containers together, or one init container if that asks for more."""
    containers = [*items(spec, "containers"), part(spec, "model")]
    running = sum(_asked(container, document) for container in containers)
    return max([running, *(_asked(container, document) for container in items(spec, "initContainers"))])


def _asked(container: Body, document: Document) -> int:
    amounts = (value(container, "resources", field, GPU) for field in ("limits", "requests"))
    return max(_whole(amount or 0, GPU, document) for amount in amounts)


def _whole(number: object, what: str, document: Document) -> int:
    try:
        return int(str(number))
    except ValueError as error:
        where = f"{document.file}: {document.kind} {document.name}"
        raise TreeError(f"{where}: {what} is `{number}`, not a whole number") from error
