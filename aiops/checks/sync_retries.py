"""Has Argo CD given up on a sync that failed?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok
from aiops.judge.age import age_s, since
from aiops.judge.expectation import Expected
from aiops.judge.finding import Evidence, Finding
from aiops.judge.operation import operation_of
from aiops.judge.plan import applications_of, known_kinds, plan_of
from aiops.judge.profiles import asked
from aiops.judge.unsettled import gave_up
from aiops.snapshot import Json
from aiops.snapshot.look import Look

AT_REST_S = 300.0
"""The longest pause between two tries of Argo CD is 3 minutes: after this, there will be no further one."""


def _judge(look: Look) -> Iterator[Finding]:
    applications, known = applications_of(look), known_kinds(look)
    found = [
        each
        for each in plan_of(look).expected
        if (app := applications.get(each.name)) is not None and gave_up(app, each, known)
    ]
    for each in found:
        yield _finding(look, each, applications[each.name])
    if not found:
        yield ok("Argo CD has given up on no sync")


def _finding(look: Look, each: Expected, app: Json) -> Finding:
    operation, state = operation_of(app), app["status"]["operationState"]
    age = age_s(look.at, operation.finished or None)
    tries = int(state.get("retryCount") or 0)
    ago = f" {since(age)} ago" if age is not None else ""
    cause, fix = (
        f"after {tries + 1} tries of one commit Argo CD never syncs that commit again, whatever is mended",
        f"aiops wait{asked(look)}",
    )
    if not each.automatic:
        cause, fix = "it is synced by hand, so nobody tries it again", f"aiops sync {each.name}"
    at_rest = age is None or age > AT_REST_S
    return Finding(
        status="fail" if each.automatic and at_rest else "warn",
        symptom=f"{each.name}: its sync failed{ago}, and nothing tries it again: {operation.message}",
        cause=cause,
        about=f"Application {each.name}",
        owner=f"group {each.group} of layer {each.layer}",
        fix=fix,
        evidence=(Evidence("status.operationState", str(state.get("phase")), operation.finished),),
    )


CHECK = Check(
    slug="sync-retries",
    group="layers",
    title="Argo CD has given up on no sync that failed",
    reads=("applications", "kinds", "plan", "config"),
    needs=("argocd-installed", "git-readable", "argocd-controller-alive"),
    judge=_judge,
)
