"""Do sync waves of applications wait until the wave before is healthy?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, ok, owned_by, skip
from aiops.gitops.argocd import settings_of
from aiops.gitops.declared import Declared
from aiops.gitops.parsing import part
from aiops.judge.finding import Evidence, Finding
from aiops.judge.operation import operation_of
from aiops.judge.plan import applications_of, plan_of
from aiops.judge.profiles import asked
from aiops.judge.waves import HEALTH, LEGACY, overtaken, wave_of
from aiops.snapshot import Json
from aiops.snapshot.look import Look

_CAUSE = "Argo CD gives an Application no health unless argocd-cm says how: a wave is over once it is applied"


def _lint(declared: Declared) -> Iterator[Finding]:
    waves: dict[str, set[int]] = {}
    for app in declared.applications:
        waves.setdefault(app.group, set()).add(wave_of(part(app.manifest, "metadata", "annotations")))
    groups = [name for name, found in waves.items() if len(found) > 1]
    settings = tuple(settings_of(declared))
    if not groups or not settings:
        yield skip("no group has applications of several waves" if settings else "the tree has no settings of Argo CD")
        return
    bad = [each for each in settings if not _waits(each.data)]
    for each in bad:
        yield Finding(
            status="warn",
            symptom=f"waves do not wait for the applications before them: {len(groups)} groups have several waves",
            cause=_CAUSE,
            fix=f"add {HEALTH} to Argo CD's settings, or give whatever comes too early enough retries",
            owner=owned_by(each.application),
            evidence=(Evidence("groups", ", ".join(groups)),),
            **at(each.place),
        )
    if not bad:
        yield ok(f"Argo CD's settings judge Applications, so the waves of {len(groups)} groups wait")


def _waits(data: object) -> bool:
    notes = part(data)
    return HEALTH in notes or "argoproj.io/Application" in str(notes.get(LEGACY) or "")


def _judge(look: Look) -> Iterator[Finding]:
    settings: Json = look.value("argocd-settings") or {}
    kept = settings.get("data") or {}
    if HEALTH in kept or LEGACY in kept:
        yield ok("argocd-cm has a health check of its own, which waves can wait for")
        return
    found = tuple(overtaken(applications_of(look), plan_of(look).expected))
    for late, early in found:
        yield _finding(look, late, early)
    if not found:
        yield ok("no sync failed because an application of an earlier wave was not ready")


def _finding(look: Look, late: Json, early: Json) -> Finding:
    name, before = late["metadata"]["name"], early["metadata"]["name"]
    operation, health = operation_of(late), early["status"].get("health") or {}
    began = str(late["status"]["operationState"].get("startedAt") or "")
    return Finding(
        status="warn",
        symptom=f"{name} was synced, and failed, before {before} of an earlier wave was healthy",
        cause=_CAUSE,
        about=f"Application {name}",
        fix=f"aiops wait{asked(look)}",
        evidence=(
            Evidence(f"sync of {name}", operation.message, began),
            Evidence(f"health of {before}", str(health.get("status")), health.get("lastTransitionTime") or ""),
        ),
    )


CHECK = Check(
    slug="waves-gate",
    group="layers",
    title="applications of a later wave wait for those of an earlier one",
    reads=("argocd-settings", "applications", "plan", "config"),
    needs=("argocd-installed", "git-readable"),
    judge=_judge,
    lint=_lint,
)
