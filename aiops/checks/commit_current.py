"""Does what is synced and healthy stand for the commit at the end of the branch?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok, skip
from aiops.judge.age import age_s, since
from aiops.judge.alive import JITTER_S, RESYNC_S, resync_s
from aiops.judge.application import REFRESH, left_alone
from aiops.judge.comparison import compared, is_behind
from aiops.judge.expectation import Expected
from aiops.judge.finding import Evidence, Finding
from aiops.judge.plan import Plan, applications_of, plan_of
from aiops.judge.profiles import asked
from aiops.snapshot import Json
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    plan, applications = plan_of(look), applications_of(look)
    there = [each for each in plan.expected if each.heads and each.name in applications]
    behind = [each for each in there if is_behind(applications[each.name], each)]
    late_s = 2 * max(resync_s(look.value("argocd-settings")), RESYNC_S + JITTER_S)
    found = [
        finding
        for each in behind
        if not left_alone(applications[each.name])
        # for what is synced by hand nobody waits
        if (finding := _finding(look, plan, each, late_s)).status == "fail" or each.automatic
    ]
    yield from found
    if not there:
        yield skip("no application is there that reads the platform's repository")
    elif not found:
        yield ok(f"{len(there) - len(behind)} applications were compared with the commit that their branch is at")


def _finding(look: Look, plan: Plan, each: Expected, late_s: float) -> Finding:
    app = applications_of(look)[each.name]
    revisions = compared(app["status"])
    branch, commit, old = next(
        (branch, commit, revisions[index])
        for index, (branch, commit) in each.heads.items()
        if index < len(revisions) and revisions[index] != commit
    )
    age = age_s(look.at, plan.committed or None) if commit == plan.commit else None
    made = f", which is {since(age)} old" if age is not None else ""
    read = _branch(app, each)
    cause = f"on the cluster it reads {read}, and the tree says {branch}"
    if read == branch:
        cause = (
            f"Argo CD has not read {branch} since it moved: what looks well is the old state"
            " (for some minutes after a push that is as it should be)"
        )
    return Finding(
        status="warn" if age is None or age < late_s else "fail",
        symptom=f"{each.name} is synced with {old[:8]}, and {branch} is at {commit[:8]}{made}",
        cause=cause,
        about=f"Application {each.name}",
        owner=f"group {each.group} of layer {each.layer}",
        fix=f"aiops wait{asked(look)}" if each.automatic else _look_again(look, each.name),
        evidence=(Evidence("status.reconciledAt", "looked at last", app["status"].get("reconciledAt") or ""),),
    )


def _look_again(look: Look, name: str) -> str:
    return f"kubectl -n {look.namespace} annotate application {name} {REFRESH}=normal --overwrite"


def _branch(app: Json, expected: Expected) -> str:
    """What its spec on the cluster reads of the platform's repository."""
    spec, index = app["spec"], next(iter(expected.heads))
    sources = spec.get("sources") or [spec.get("source") or {}]
    return str(sources[index].get("targetRevision") or "HEAD") if index < len(sources) else ""


CHECK = Check(
    slug="commit-current",
    group="layers",
    title="what is synced is the commit that the branch is at",
    reads=("applications", "plan", "config", "argocd-settings"),
    needs=("argocd-installed", "git-readable", "argocd-controller-alive"),
    judge=_judge,
)
