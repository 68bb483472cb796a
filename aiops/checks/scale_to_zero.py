"""Does an InferenceService that asks for no replicas ever come down to none?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.parsing import part, value
from aiops.judge.finding import Evidence, Finding
from aiops.judge.gpu_declared import gpus_of_spec
from aiops.judge.idle import use_of
from aiops.judge.kserve import SCALER, is_serverless, is_stopped
from aiops.judge.model import asks_for_gpu
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_COMPONENTS = ("predictor", "transformer", "explainer")
_HPA = (None, "hpa")
"""Classes of autoscaler with which KServe makes a HorizontalPodAutoscaler, of at least one replica (reconcilers/hpa/
hpa_reconciler.go; kserve#3514)."""
_CAUSE = "without Knative KServe scales by a HorizontalPodAutoscaler, which keeps at least one replica"
_FIX = "set the annotation serving.kserve.io/stop while it is not needed, or serving.kserve.io/autoscalerClass: keda"


def _lint(declared: Declared) -> Iterator[Finding]:
    asking = [(each, name) for each in declared.of("InferenceService") for name in _COMPONENTS if _zero(each, name)]
    bad = [(each, name) for each, name in asking if not _reaches_zero(declared, each)]
    for each, name in bad:
        gpus = gpus_of_spec(part(each.body, "spec", name))
        yield Finding(
            status="warn",
            symptom=f"{each} asks for minReplicas 0 of its {name} and keeps 1{', which holds a GPU' if gpus else ''}",
            cause=_CAUSE,
            fix=_FIX,
            **of(each),
            **at(declared.place(each, "spec", name, "minReplicas")),
        )
    if not asking:
        yield skip("no InferenceService of the tree asks for minReplicas 0")
    elif not bad:
        yield ok(f"{len(asking)} InferenceServices ask for minReplicas 0, and can come down to it")


def _zero(service: Manifest, component: str) -> bool:
    return str(value(service.body, "spec", component, "minReplicas")) == "0"


def _reaches_zero(declared: Declared, service: Manifest) -> bool:
    scaler = value(service.body, "metadata", "annotations", SCALER)
    return scaler not in _HPA or is_stopped(service.body) or is_serverless(declared, service)


def _judge(look: Look) -> Iterator[Finding]:
    scalers, deployments = look.items("autoscalers"), look.items("deployments")
    services = [each for each in look.items("inference-services") if _asks_for_none(each)]
    kept = [
        (each, scaler, body)
        for each in services
        for scaler in scalers
        for body in deployments
        if _is_of(scaler, each) and _targets(scaler, body) and asks_for_gpu(body)
    ]
    for each, scaler, body in kept:
        yield _finding(look, each, scaler, body)
    if not services:
        yield skip("no InferenceService asks for minReplicas 0")
    elif not kept:
        yield ok(f"{len(services)} InferenceServices ask for minReplicas 0, and none keeps a GPU by its autoscaler")


def _asks_for_none(service: Json) -> bool:
    return value(service, "spec", "predictor", "minReplicas") == 0 and not is_stopped(service)


def _is_of(scaler: Json, service: Json) -> bool:
    owners = (each.get("uid") for each in scaler["metadata"].get("ownerReferences") or ())
    return service["metadata"].get("uid") in owners and (value(scaler, "spec", "minReplicas") or 1) >= 1


def _targets(scaler: Json, deployment: Json) -> bool:
    target = part(scaler, "spec", "scaleTargetRef")
    same = scaler["metadata"].get("namespace") == deployment["metadata"].get("namespace")
    return same and (target.get("kind"), target.get("name")) == ("Deployment", deployment["metadata"]["name"])


def _finding(look: Look, service: Json, scaler: Json, deployment: Json) -> Finding:
    use = use_of(look, deployment)
    if use.kind in ("new", "used"):
        return ok(f"{ref_of(service)} {use.words}")
    meta = service["metadata"]
    return Finding(
        status="unknown" if use.kind == "unknown" else "warn",
        symptom=f"{ref_of(service)} asks for minReplicas 0, and its autoscaler keeps a GPU that nobody uses"
        if use.kind == "idle"
        else f"{ref_of(service)} asks for minReplicas 0 and keeps a GPU: {use.words}",
        cause=_CAUSE,
        about=str(ref_of(service)),
        fix=f"aiops pause {meta['namespace']}/{meta['name']}",
        evidence=(
            Evidence(str(ref_of(scaler)), f"minReplicas {value(scaler, 'spec', 'minReplicas') or 1}"),
            Evidence(str(ref_of(deployment)), use.words),
        ),
    )


CHECK = Check(
    slug="scale-to-zero",
    group="autoscaling",
    title="an InferenceService that asks for no replicas can come down to none",
    reads=("inference-services", "autoscalers", "deployments", "pods", "usage"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)
