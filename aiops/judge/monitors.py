"""Who has Prometheus scrape some pods: the monitors of its operator, live or declared, and an old annotation."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from aiops.gitops.parsing import items, part, texts, value
from aiops.judge.labels import Labels, selects
from aiops.snapshot import Json, ref_of

OF_SERVICES = ("ServiceMonitor", "VMServiceScrape")
OF_PODS = ("PodMonitor", "VMPodScrape", "PodMonitoring", "ClusterPodMonitoring")
"""Prometheus Operator's, VictoriaMetrics', and Google's managed Prometheus."""
SCRAPE = "prometheus.io/scrape"
"""On a Service or on pods; what scrape configs without an operator look for."""


@dataclass(frozen=True)
class Pods:
    """Pods that somebody may scrape, and the Services before them."""

    namespace: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    services: Sequence[Json]

    def scraped_by(self, monitors: Iterable[Json]) -> Iterator[str]:
        """Who scrapes them: monitors, and annotations."""
        for monitor in monitors:
            if any(_has_port(monitor, each) for each in self._selected(monitor)):
                yield str(ref_of(monitor))
        notes = [self.annotations, *(part(each, "metadata", "annotations") for each in self.services)]
        if any(str(each.get(SCRAPE)).lower() == "true" for each in notes):
            yield f"annotation {SCRAPE}"

    def missed_by(self, monitors: Iterable[Json]) -> Iterator[tuple[Json, Json]]:
        """(monitor, Service) where it selects the Service, and names none of its ports: that scrapes nothing."""
        for monitor in monitors:
            yield from ((monitor, each) for each in self._selected(monitor) if not _has_port(monitor, each))

    def _selected(self, monitor: Json) -> Iterator[Json]:
        """Those of its Services that a monitor selects; the monitor itself where it selects the pods."""
        selector = part(monitor, "spec", "selector")
        if not watches(monitor, self.namespace):
            return
        if monitor.get("kind") in OF_SERVICES:
            labelled = ((each, Labels(part(each, "metadata", "labels"))) for each in self.services)
            yield from (each for each, labels in labelled if selects(selector, labels))
        elif selects(selector, Labels(self.labels, "added")):
            yield monitor


def pods_behind(
    namespace: str, labels: Mapping[str, str], annotations: Mapping[str, str], services: Iterable[Json]
) -> Pods:
    """The pods of a template, with those of the Services that send requests to them."""
    own = [
        each
        for each in services
        if ref_of(each).namespace == namespace
        and (selector := part(each, "spec", "selector"))
        and selector.items() <= labels.items()
    ]
    return Pods(namespace, labels, annotations, own)


def watches(monitor: Json, namespace: str) -> bool:
    """A monitor looks into a namespace: its own, those that it names, or any."""
    wanted = part(monitor, "spec", "namespaceSelector")
    names = texts(wanted, "matchNames") or (ref_of(monitor).namespace,)
    return value(wanted, "any") is True or monitor.get("kind") == "ClusterPodMonitoring" or namespace in names


def _has_port(monitor: Json, service: Json) -> bool:
    """One of its endpoints is a port of the Service; of pods, whose ports need no name here, always."""
    if monitor.get("kind") not in OF_SERVICES:
        return True
    ports = items(service, "spec", "ports")
    names, targets = {each.get("name") for each in ports}, {each.get("targetPort", each.get("port")) for each in ports}
    return any(
        each.get("port") in names if each.get("port") else each.get("targetPort") in targets
        for each in items(monitor, "spec", "endpoints")
    )
