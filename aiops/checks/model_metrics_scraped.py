"""Does Prometheus get the metrics of every vLLM server?"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared
from aiops.gitops.monitors import OPERATOR, body_of, monitoring_of
from aiops.gitops.parsing import items, part
from aiops.gitops.workloads import KINDS, pods_made_by
from aiops.judge.age import age_s
from aiops.judge.finding import Finding
from aiops.judge.keda import autoscaling, triggers_of
from aiops.judge.monitors import OF_PODS, OF_SERVICES, Pods, pods_behind
from aiops.judge.serving_images import serves_vllm
from aiops.judge.vllm_metrics import names_in
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_GRACE_S = 300.0
"""So long a monitor may come after its Service."""
_SERVE = tuple(kind for kind in KINDS if kind not in ("CronJob", "Job"))
_CAUSE = "Prometheus knows its targets by monitors alone: this model has no series for any panel, alert or autoscaler"
_UNKNOWN_WAY = "how Prometheus finds what it scrapes is not told by monitors of its operator"


def _lint(declared: Declared) -> Iterator[Finding]:
    monitoring = monitoring_of(declared, *OF_SERVICES, *OF_PODS)
    services = {str(ref_of(body)): each for each in declared.of("Service") if (body := body_of(each))}
    workloads = [body_of(each) for each in declared.of(*_SERVE)]
    served = list(_served(workloads, [body_of(each) for each in services.values()]))
    if not served or not monitoring.has_operator or monitoring.raw:
        raw = f"{monitoring.raw} may scrape anything" if monitoring.raw else _UNKNOWN_WAY
        yield skip(raw if served else "the tree declares no Service of a vLLM server")
        return
    scaled = [body_of(each) for each in declared.of("ScaledObject")]
    bad = [(body, pods) for body, pods in served if not any(pods.scraped_by(monitoring.monitors))]
    for body, pods in bad:
        service = services[str(ref_of(pods.services[0]))]
        place = declared.place(service, "metadata", "labels")
        yield replace(_finding(body, pods, monitoring.monitors, scaled), **of(service), **at(place))
    if not bad:
        yield ok(f"monitors select the Services of {len(served)} vLLM servers")


def _judge(look: Look) -> Iterator[Finding]:
    deployments = [each for each in look.items("deployments") if part(each, "spec").get("replicas", 1)]
    served = list(_served(deployments, look.items("services")))
    monitors = (*look.items("service-monitors"), *look.items("pod-monitors"))
    known = {tuple(kind) for kind in look.value("kinds")}
    if not served or (OPERATOR, "ServiceMonitor") not in known:
        yield skip(_UNKNOWN_WAY if served else "no vLLM server with a Service is up")
        return
    bad = [(body, pods) for body, pods in served if not any(pods.scraped_by(monitors)) and _is_old(look, pods)]
    for body, pods in bad:
        yield _finding(body, pods, monitors, look.items("scaled-objects"))
    if not bad:
        yield ok(f"monitors select the Services of {len(served)} vLLM servers")


def _served(workloads: Iterable[Json], services: Iterable[Json]) -> Iterator[tuple[Json, Pods]]:
    """The vLLM servers that a Service leads to, each with its pods."""
    services = tuple(services)
    for body in workloads:
        for made in pods_made_by(body) if serves_vllm(body) else ():
            notes = part(body, "spec", "template", "metadata", "annotations")
            pods = pods_behind(ref_of(body).namespace, made.labels, notes, services)
            if pods.services:
                yield body, pods


def _finding(workload: Json, pods: Pods, monitors: Iterable[Json], scaled: Iterable[Json]) -> Finding:
    service, missed = pods.services[0], next(pods.missed_by(monitors), None)
    port = next((str(each.get("name") or each.get("port")) for each in items(service, "spec", "ports")), "http")
    if missed:
        symptom = f"{ref_of(missed[0])} selects {ref_of(missed[1])}, and none of its endpoints is a port of it"
        fix = f"set the port of an endpoint in {ref_of(missed[0])} to {port}"
    else:
        symptom = f"{ref_of(service)} leads to a vLLM server, and no ServiceMonitor or PodMonitor selects it"
        fix = f"add a ServiceMonitor to namespace {pods.namespace} that selects its labels, with the endpoint {port}"
    return Finding(
        status="fail" if _is_read(workload, scaled) else "warn",
        symptom=symptom,
        cause=_CAUSE,
        about=str(ref_of(service)),
        fix=fix,
    )


def _is_read(workload: Json, scaled: Iterable[Json]) -> bool:
    """An autoscaler of its own asks for its metrics."""
    who = ref_of(workload)
    return any(
        (ref_of(each).namespace, autoscaling(each).kind, autoscaling(each).target)
        == (who.namespace, who.kind, who.name)
        and any(names_in(str(trigger.get("query") or "")) for _, trigger in triggers_of(each))
        for each in scaled
    )


def _is_old(look: Look, pods: Pods) -> bool:
    ages = (age_s(look.at, each["metadata"].get("creationTimestamp")) for each in pods.services)
    return all(age is None or age > _GRACE_S for age in ages)


CHECK = Check(
    slug="model-metrics-scraped",
    group="metrics",
    title="Prometheus is told to scrape every vLLM server",
    reads=("deployments", "services", "service-monitors", "pod-monitors", "kinds", "scaled-objects"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)
