"""NVIDIA's exporter of GPU metrics, live or declared: which workloads run it, and who scrapes it."""

from collections.abc import Iterable

from aiops.gitops.parsing import part
from aiops.gitops.workloads import pods_made_by
from aiops.judge.monitors import Pods, pods_behind
from aiops.judge.serving_images import image_of, is_dcgm_exporter_image
from aiops.snapshot import Json, ref_of

MANAGED = "gke-managed-system"
"""Where GKE runs an exporter of its own, with an engine in it (cloud.google.com, "Collect and view DCGM metrics")."""
_OPERATORS = {"app": "nvidia-dcgm-exporter"}
"""The label of the Service and the pods that NVIDIA's GPU Operator makes."""


def is_exporter(workload: Json) -> bool:
    """Its pods export GPU metrics."""
    containers = (each for pods in pods_made_by(workload) for each in pods.containers)
    return any(is_dcgm_exporter_image(image_of(each.body)) for each in containers)


def exporter_pods(workload: Json, services: Iterable[Json]) -> Pods:
    """What there is to scrape of an exporter."""
    template = part(workload, "spec", "template", "metadata")
    return pods_behind(
        ref_of(workload).namespace, part(template, "labels"), part(template, "annotations"), tuple(services)
    )


def pods_of_operator(namespace: str) -> Pods:
    """Those that NVIDIA's GPU Operator will make."""
    service = {
        "kind": "Service",
        "metadata": {"name": _OPERATORS["app"], "namespace": namespace, "labels": _OPERATORS},
        "spec": {"selector": _OPERATORS, "ports": [{"name": "gpu-metrics", "port": 9400, "targetPort": 9400}]},
    }
    return pods_behind(namespace, _OPERATORS, {}, [service])
