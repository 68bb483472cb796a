"""What a sync would start that costs money, and what running model it would stop: judged before it begins."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from aiops.clients.kube import DEPLOYMENTS, Kube
from aiops.errors import NotFound, Refused
from aiops.gitops.application import Application
from aiops.gitops.files import Files
from aiops.gitops.manifests import documents
from aiops.gitops.models import GpuWorkload, gpu_workloads
from aiops.judge.scaling import REPLICAS, RESPECT, keeps_replicas
from aiops.session import Session
from aiops.snapshot import Json


def refuse_gpu(session: Session, application: Application, files: Files, app: Json) -> None:
    """Refused where syncing would start GPU pods, with what they cost. Those that run already start nothing, nor does
    a Deployment whose live replicas the sync keeps."""
    starting = []
    for workload in workloads(session, application, files):
        live = _deployment(session.kube, workload)
        running = _replicas(live)
        if workload.replicas > running and not (live is not None and _kept(app, workload)):
            starting.append(replace(workload, replicas=workload.replicas - running))
    if not starting:
        return
    types = {each.accelerator for each in starting}
    names = ", ".join(
        f"{each.kind} {each.namespace}/{each.name} ({each.replicas * each.gpus} GPU)" for each in starting
    )
    raise Refused(
        f"syncing {application.name} would start {names}: {price(session.config.aiops.prices, types)}",
        f"`aiops sync --gpu {application.name}` does it knowingly",
    )


def refuse_reset(session: Session, application: Application, files: Files, app: Json) -> None:
    """Refused where syncing would set a running model back to the replicas of git.

    Both halves are needed: ignoreDifferences on its replicas, and RespectIgnoreDifferences, without which a sync
    applies git's replicas all the same (argo-cd #4912, controller/sync.go).
    """
    for workload in workloads(session, application, files):
        live = _deployment(session.kube, workload)
        running = _replicas(live)
        if live is None or running <= workload.replicas or _kept(app, workload):
            continue
        name = f"Deployment {workload.namespace}/{workload.name}"
        raise Refused(
            f"syncing {application.name} would set the running {name} from {running} to {workload.replicas} replicas",
            f"give {application.file} ignoreDifferences for {REPLICAS} of that Deployment and the syncOption "
            f"{RESPECT}, or scale it down first",
        )


def workloads(session: Session, application: Application, files: Files) -> tuple[GpuWorkload, ...]:
    """The GPU workloads in the application's own files, in the namespace where they land."""
    found = (
        workload
        for source in application.sources
        if session.own(source.repo_url) and source.path and not source.chart
        for workload in gpu_workloads(documents(files, source.path, source.directory))
    )
    return tuple(workload if workload.namespace else _placed(workload, application.namespace) for workload in found)


def price(prices: Mapping[str, float], types: Collection[str | None]) -> str:
    """What an hour of one node costs, as far as the config knows; without a GPU type (None) it may be any."""
    known = [f"{price:.2f} ({name})" for name, price in sorted(prices.items()) if name in types or None in types]
    unknown = sorted(name for name in types if name is not None and name not in prices)
    if not known:
        return "its price is not in the config (aiops.prices)"
    missing = f"; no price is known of {', '.join(unknown)}" if unknown else ""
    return f"an hour costs {' or '.join(known)}{missing}"


def _placed(workload: GpuWorkload, namespace: str) -> GpuWorkload:
    return replace(workload, namespace=namespace)


def _replicas(live: Json | None) -> int:
    return int(((live or {}).get("spec") or {}).get("replicas") or 0)


def _deployment(kube: Kube, workload: GpuWorkload) -> Json | None:
    if workload.kind != "Deployment":
        return None
    try:
        return kube.get(DEPLOYMENTS, workload.name, workload.namespace)
    except NotFound:
        return None


def _kept(app: Json, workload: GpuWorkload) -> bool:
    return workload.kind == "Deployment" and keeps_replicas(app, workload.namespace, workload.name)
