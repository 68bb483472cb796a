"""Does Prometheus get the metrics of GPUs?"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared
from aiops.gitops.gpu_operator import exporter_value, operators
from aiops.gitops.monitors import OPERATOR, Monitoring, body_of, monitoring_of
from aiops.gitops.workloads import KINDS
from aiops.judge.age import age_s
from aiops.judge.dcgm import MANAGED, exporter_pods, is_exporter, pods_of_operator
from aiops.judge.finding import Finding
from aiops.judge.monitors import OF_PODS, OF_SERVICES
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_GRACE_S = 300.0
"""So long a monitor may come after its exporter."""
_CAUSE = "Prometheus knows its targets by monitors alone: no panel and no alert sees a GPU, though the exporter runs"
_BY_DEFAULT = "the chart runs the exporter and leaves its ServiceMonitor off"
_KEY = ("serviceMonitor", "enabled")


def _lint(declared: Declared) -> Iterator[Finding]:
    monitoring = monitoring_of(declared, *OF_SERVICES, *OF_PODS)
    found = [*_of_operator(declared, monitoring), *_of_manifests(declared, monitoring)]
    yield from found
    if not found:
        yield skip("the tree deploys no exporter of GPU metrics that a monitor of its own has to select")


def _of_operator(declared: Declared, monitoring: Monitoring) -> Iterator[Finding]:
    apps = list(operators(declared))
    enabled, values = exporter_value(declared, *_KEY)
    wanted = bool(apps) or (
        values is not None and declared.config is not None and declared.config.gpu_stack == "operator"
    )
    if not wanted or exporter_value(declared, "enabled")[0] is False:
        return
    pods = pods_of_operator(apps[0].namespace if apps else "gpu-operator")
    if enabled is True or any(pods.scraped_by(monitoring.monitors)):
        yield ok("the exporter of the GPU Operator is scraped")
        return
    place = declared.place_of(values, "dcgmExporter", *_KEY) if values else declared.place_in(apps[0], "spec", "source")
    yield Finding(
        status="fail",
        symptom="the GPU Operator's exporter of GPU metrics gets no ServiceMonitor",
        cause=f"{_BY_DEFAULT}; {_CAUSE}",
        fix="set dcgmExporter.serviceMonitor.enabled: true in the values of its chart",
        about=f"Application {apps[0].name}" if apps else "",
        owner=f"application {apps[0].name}" if apps else "",
        **at(place),
    )


def _of_manifests(declared: Declared, monitoring: Monitoring) -> Iterator[Finding]:
    services = [body_of(each) for each in declared.of("Service")]
    for each in declared.of(*KINDS) if monitoring.has_operator and not monitoring.raw else ():
        if each.application not in declared.off and is_exporter(body_of(each)):
            place = declared.place(each, "metadata", "name")
            found = _finding(body_of(each), services, monitoring.monitors)
            yield replace(found, **of(each), **at(place)) if found.status != "ok" else found


def _judge(look: Look) -> Iterator[Finding]:
    exporters = [each for each in look.items("daemon-sets") if is_exporter(each) and _runs(look, each)]
    monitors = (*look.items("service-monitors"), *look.items("pod-monitors"))
    if not exporters:
        yield skip("no exporter of GPU metrics runs, but for what GKE collects itself")
    elif (OPERATOR, "ServiceMonitor") not in {tuple(kind) for kind in look.value("kinds")}:
        yield skip("how Prometheus finds what it scrapes is not told by monitors of its operator")
    else:
        yield from (_finding(each, look.items("services"), monitors) for each in exporters)


def _finding(body: Json, services: Iterable[Json], monitors: Iterable[Json]) -> Finding:
    who, pods = ref_of(body), exporter_pods(body, services)
    by = list(pods.scraped_by(monitors))
    service = str(ref_of(pods.services[0])) if pods.services else f"the pods of {who}"
    if not by:
        return Finding(
            status="fail",
            symptom=f"{who} exports GPU metrics, and no ServiceMonitor or PodMonitor selects it",
            cause=_CAUSE,
            about=str(who),
            fix=f"set serviceMonitor.enabled: true in the values of its chart, else add a monitor for {service}",
        )
    if len(by) > 1:
        return Finding(
            status="warn",
            symptom=f"{who} is scraped by {' and by '.join(by)}",
            cause="each of its series is there twice, under another job: what sums them counts every GPU twice",
            about=str(who),
            fix=f"edit one of {', '.join(by)} out of git",
        )
    return ok(f"{who} is scraped by {by[0]}")


def _runs(look: Look, body: Json) -> bool:
    """It should run on some node, and does for a while. What GKE runs, GKE collects."""
    age = age_s(look.at, body["metadata"].get("creationTimestamp"))
    wanted = (body.get("status") or {}).get("desiredNumberScheduled")
    return bool(wanted) and ref_of(body).namespace != MANAGED and (age is None or age > _GRACE_S)


CHECK = Check(
    slug="dcgm-scraped",
    group="metrics",
    title="Prometheus is told to scrape the exporter of GPU metrics",
    reads=("daemon-sets", "services", "service-monitors", "pod-monitors", "kinds"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)
