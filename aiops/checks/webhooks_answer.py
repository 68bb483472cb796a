"""Did a sync fail because nobody answered an admission webhook?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok
from aiops.judge.age import age_s
from aiops.judge.expectation import Expected
from aiops.judge.finding import Evidence, Finding
from aiops.judge.operation import operation_of
from aiops.judge.plan import applications_of, plan_of
from aiops.judge.profiles import asked
from aiops.judge.unsettled import unanswered
from aiops.judge.webhook import Call, ready_endpoints
from aiops.snapshot import Json
from aiops.snapshot.look import Look

COMES_UP_S = 180.0
"""For so long after its Service was made, the server of a webhook may be on its way: every bring-up sees it."""


def _judge(look: Look) -> Iterator[Finding]:
    applications, slices = applications_of(look), look.items("endpoint-slices")
    failed: dict[Call, list[Expected]] = {}
    for each in plan_of(look).expected:
        app = applications.get(each.name)
        if app is not None and (call := unanswered(app, each)) is not None:
            failed.setdefault(call, []).append(each)
    for call, users in failed.items():
        ready = ready_endpoints(slices, call.namespace, call.service) if call.service else None
        if ready == 0:
            yield _nobody(look, call, users)
        else:
            yield from (_by_now(look, call, each, ready) for each in users)
    if not failed:
        yield ok("no sync failed for want of a webhook's answer")


def _nobody(look: Look, call: Call, users: list[Expected]) -> Finding:
    """Its server is not up: however often they are synced, it fails again."""
    applications = applications_of(look)
    names = ", ".join(each.name for each in users)
    return Finding(
        status="warn" if _comes_up(look, call) else "fail",
        symptom=f"{names}: the sync failed on webhook {call.webhook}, and {call.where} has no ready endpoint",
        cause="who serves it is not up, and it may not fail",
        about=call.where,
        owner=f"application {users[0].name}",
        fix=f"kubectl -n {call.namespace} get pods,endpointslices",
        evidence=tuple(_said(applications[each.name]) for each in users[:3]),
    )


def _by_now(look: Look, call: Call, each: Expected, ready: int | None) -> Finding:
    app = applications_of(look)[each.name]
    over = operation_of(app).phase == "failed"
    said = "it is not known whether its server is up"
    if ready is not None:
        said = f"{call.where} has {ready} ready endpoint{'' if ready == 1 else 's'} by now"
    return Finding(
        status="fail" if over else "warn",
        symptom=f"{each.name}: the sync failed on webhook {call.webhook}, and {said}",
        cause="Argo CD does not try that commit again" if over else "Argo CD tries it again by itself",
        about=f"Application {each.name}" if over or not call.service else call.where,
        owner=f"group {each.group} of layer {each.layer}",
        fix=f"aiops wait{asked(look)}" if each.automatic else f"aiops sync {each.name}",
        evidence=(_said(app),),
    )


def _comes_up(look: Look, call: Call) -> bool:
    """Its Service is as young as it is in every bring-up."""
    for service in look.items("services"):
        meta = service["metadata"]
        if (meta.get("namespace"), meta["name"]) == (call.namespace, call.service):
            age = age_s(look.at, meta.get("creationTimestamp"))
            return age is not None and age < COMES_UP_S
    return False


def _said(app: Json) -> Evidence:
    operation = operation_of(app)
    return Evidence(f"sync of {app['metadata']['name']}", operation.message, operation.finished)


CHECK = Check(
    slug="webhooks-answer",
    group="layers",
    title="no sync failed because nobody answered a webhook",
    reads=("applications", "plan", "config", "services", "endpoint-slices"),
    needs=("argocd-installed", "git-readable"),
    judge=_judge,
)
