"""The monitors that a tree declares, as plain bodies: manifests, and those that a chart makes of its values."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aiops.gitops.declared import Declared, Manifest

OPERATOR = "monitoring.coreos.com"
"""The API group of Prometheus Operator."""
_OF_VALUES = {"additionalServiceMonitors": "ServiceMonitor", "additionalPodMonitors": "PodMonitor"}
"""Keys of kube-prometheus-stack's values: the kind that it makes of each."""
_RAW = "additionalScrapeConfigs"
_CHARTS = ("kube-prometheus-stack", "prometheus-operator", "kube-prometheus")


@dataclass(frozen=True)
class Monitoring:
    """How Prometheus finds what it scrapes, as far as a tree tells."""

    monitors: tuple[dict[str, Any], ...]
    has_operator: bool
    """Something of the tree is for Prometheus Operator."""
    raw: str
    """Where configs of Prometheus' own are, which may scrape anything; empty where there are none."""


def monitoring_of(declared: Declared, *kinds: str) -> Monitoring:
    """That of a tree; `kinds` are those of monitors."""
    found = [body_of(each) for each in declared.of(*kinds)]
    raw = next((str(each) for each in declared.of("ScrapeConfig", "VMScrapeConfig")), "")
    for values in declared.values:
        namespace = next((app.namespace for app in declared.applications if app.name == values.application), "")
        for key, each in _keyed(values.body):
            if key == _RAW and each:
                raw = f"{_RAW} of {values.file}"
            for spec in each if key in _OF_VALUES and isinstance(each, list) else ():
                meta = {"name": spec.get("name", key), "namespace": namespace}
                found.append({"kind": _OF_VALUES[key], "metadata": meta, "spec": spec})
    return Monitoring(tuple(found), bool(found) or _has_operator(declared), raw)


def body_of(manifest: Manifest) -> dict[str, Any]:
    """A manifest's body with its namespace in it, as a live object has it."""
    meta = {**(manifest.body.get("metadata") or {}), "namespace": manifest.namespace}
    return {**manifest.body, "metadata": meta}


def charts_of(declared: Declared) -> Iterator[tuple[str, str]]:
    """(application, chart) of each that deploys a chart: of a registry, or one that lies in a folder."""
    for app in declared.applications:
        for source in app.sources:
            name = source.chart or (source.path or "").rstrip("/")
            yield app.name, name.rpartition("/")[2]


def _has_operator(declared: Declared) -> bool:
    return (
        any(each.document.group == OPERATOR for each in declared.manifests)
        or any(each.name.endswith(f".{OPERATOR}") for each in declared.of("CustomResourceDefinition"))
        or any(chart in _CHARTS for _, chart in charts_of(declared))
    )


def _keyed(body: object) -> Iterator[tuple[str, Any]]:
    """Every key, however deep."""
    if isinstance(body, dict):
        for key, each in body.items():
            yield str(key), each
            yield from _keyed(each)
    elif isinstance(body, list):
        for each in body:
            yield from _keyed(each)
