"""Does Argo CD leave the replicas of GPU Deployments to whoever scales them?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.parsing import Body, items, part, value
from aiops.judge.fields import owner_of
from aiops.judge.finding import Evidence, Finding
from aiops.judge.ignoring import is_automated, lacks
from aiops.judge.model import asks_for_gpu
from aiops.judge.plan import applications_of
from aiops.judge.raised import raised_of
from aiops.judge.scaling import REPLICAS, RESPECT
from aiops.judge.stoppable import application_of
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_HALVES = "ignoring the difference hides it, and a sync writes the field all the same: both halves are needed"
_AUTOSCALERS = ("keda", "kube-controller-manager")


def _lint(declared: Declared) -> Iterator[Finding]:
    scaled = [each for each in declared.of("Deployment") if each.application and _is_set(each)]
    bad = [found for each in scaled for found in _in_git(declared, each)]
    yield from bad
    if not scaled:
        yield skip("no application deploys a GPU Deployment whose replicas are written in git")
    elif not bad:
        yield ok(f"Argo CD leaves the replicas of {len(scaled)} GPU Deployments alone")


def _is_set(manifest: Manifest) -> bool:
    """What git does not write, nobody sets back."""
    return value(manifest.body, "spec", "replicas") is not None and bool(asks_for_gpu(dict(manifest.body)))


def _in_git(declared: Declared, manifest: Manifest) -> Iterator[Finding]:
    app = declared.application(manifest)
    if app is None:
        return
    deployed = {each.name for each in declared.of("Deployment") if each.application == app.name}
    found = lacks(app.manifest, manifest.namespace, manifest.name, deployed)
    if found:
        yield Finding(
            status="fail" if app.automatic else "warn",
            symptom=f"Argo CD sets {manifest} back to the replicas of git"
            f"{'' if app.automatic else ' at the next sync by hand'}",
            cause=f"{' and '.join(each.text for each in found)}; {_HALVES}",
            fix=_fix(app.name),
            **of(manifest),
            **at(declared.place_in(app, *found[0].path)),
        )


def _judge(look: Look) -> Iterator[Finding]:
    applications = applications_of(look)
    owned = [
        (body, applications[name])
        for body in look.items("deployments")
        if asks_for_gpu(body) and (name := application_of(body)) in applications
    ]
    bad = [found for body, app in owned for found in _on_cluster(body, app)]
    yield from bad
    if not owned:
        yield skip("no application owns a GPU Deployment")
    elif not bad:
        yield ok(f"Argo CD leaves the replicas of {len(owned)} GPU Deployments alone")


def _on_cluster(body: Json, app: Json) -> Iterator[Finding]:
    """What git writes is not seen here: whether Argo CD has written the replicas tells."""
    meta, scaler = body["metadata"], owner_of(body, "f:spec", "f:replicas")
    manager = str(scaler.get("manager") or "")
    deployed = {each["name"] for each in items(app, "status", "resources") if each.get("kind") == "Deployment"}
    found = lacks(app, meta["namespace"], meta["name"], deployed) if is_automated(app) else ()
    written, heals = manager.startswith("argocd"), part(app, "spec", "syncPolicy", "automated").get("selfHeal") is True
    if not found or manager.startswith(_AUTOSCALERS) or (heals and not written):
        return  # an autoscaler's work; or with selfHeal it would be set back by now
    yield Finding(
        status="fail" if written else "warn",
        symptom=f"Argo CD sets {ref_of(body)} back to the replicas of git {'at once' if heals else 'at its next sync'}",
        cause=f"{' and '.join(each.text for each in found)}; {_HALVES}",
        about=str(ref_of(body)),
        owner=f"application {app['metadata']['name']}",
        fix=_fix(app["metadata"]["name"]),
        evidence=tuple(_seen(body, manager, scaler)),
    )


def _seen(body: Json, manager: str, scaler: Body) -> Iterator[Evidence]:
    replicas = value(body, "spec", "replicas")
    if manager:
        yield Evidence("managedFields", f"{manager} set spec.replicas to {replicas}", str(scaler.get("time") or ""))
    if raised := raised_of(body):
        yield Evidence("raised by", str(raised), raised.at)


def _fix(application: str) -> str:
    return (
        f"set ignoreDifferences for {REPLICAS} of it and the syncOption {RESPECT} in Application {application}, in git"
    )


CHECK = Check(
    slug="replicas-respected",
    group="layers",
    title="Argo CD leaves the replicas of GPU Deployments to whoever scales them",
    reads=("deployments", "applications"),
    needs=("cluster-reachable", "argocd-installed"),
    judge=_judge,
    lint=_lint,
)
