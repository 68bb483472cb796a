"""Does every application of the profile stand? By the judgement of `aiops wait`, on what Argo CD last saw."""

from collections.abc import Iterator, Mapping

from aiops.checks.check import Check, ok, skip
from aiops.judge.age import age_s, since
from aiops.judge.finding import Evidence, Finding
from aiops.judge.plan import BENEATH, Plan, applications_of, judged, known_kinds, plan_of
from aiops.judge.profile import Judged
from aiops.judge.profiles import asked, with_layers
from aiops.judge.unsettled import told_by
from aiops.snapshot import Json
from aiops.snapshot.look import Look

PATIENCE_S = 900.0
"""For how long something may be on its way: the default of `aiops wait`."""


def _judge(look: Look) -> Iterator[Finding]:
    applications, plan = applications_of(look), plan_of(look)
    made = {
        f"ApplicationSet {name}" for name in look.named("application-sets")
    }  # of one that is not there, another check tells
    made |= {f"application {name}" for name in applications}
    found = [each for each in judged(look) if each.expected.name in applications or each.expected.made_by in made]
    if not found:
        yield skip("no ApplicationSet is there that would make an application")
        return
    bad = [each for each in found if each.verdict.state in ("hopeless", "waiting", "deferred")]
    elsewhere = {each.expected.name: told for each in bad if (told := _told_by(look, each, applications))}
    own = [each for each in bad if each.expected.name not in elsewhere]
    for each in own:
        maker = each.expected.made_by.removeprefix("application ")
        yield _finding(look, plan, each, applications.get(each.expected.name) or applications.get(maker))
    if bad and not own:
        yield skip(f"{', '.join(elsewhere)}: {' and '.join(sorted(set(elsewhere.values())))} tells why")
    elif not bad:
        manual = sum(each.verdict.state == "manual" for each in found)
        yield ok(f"{len(found) - manual} applications stand, {manual} are manual")


def _told_by(look: Look, each: Judged, applications: Mapping[str, Json]) -> str:
    """The check whose own matter it is; empty where there is none."""
    app = applications.get(each.expected.name)
    there = look.items("jobs") if "jobs" in look.reads else None
    jobs = None if there is None else {(body["metadata"]["namespace"], body["metadata"]["name"]) for body in there}
    return told_by(app, each.expected, known_kinds(look), jobs) if app is not None else ""


def _finding(look: Look, plan: Plan, each: Judged, app: Json | None) -> Finding:
    """`app`: the application, or the group application that is to make it."""
    verdict, name = each.verdict, each.expected.name
    age = _unsettled_s(look, plan, app)
    late = age is None or age > PATIENCE_S
    over = verdict.state == "hopeless" or (verdict.state == "waiting" and verdict.stuck == "retries used up")
    bad = over or (verdict.state == "waiting" and late)
    beneath = [
        said for finding in each.findings for said in (Evidence(finding.about, finding.symptom), *finding.evidence)
    ]
    return Finding(
        status="fail" if bad else "warn",
        symptom=f"{name}: {verdict.detail}",
        cause="nothing changes it by itself" if over else _cause(verdict.state, age),
        about=f"Application {name}",
        owner=f"group {each.expected.group} of layer {each.expected.layer}",
        fix=_fix(look, plan, each),
        evidence=tuple(beneath[:4]),
    )


def _cause(state: str, age: float | None) -> str:
    if state == "deferred":
        return "it is complete with a wider profile"
    return f"on its way for {since(age)}" if age is not None else "on its way for longer than anybody noted"


def _fix(look: Look, plan: Plan, each: Judged) -> str:
    if each.verdict.state == "deferred":
        beyond = {brought["beyond"] for brought in look.value("brings") if brought["beyond"]}
        return f"aiops root{with_layers(look, (*plan.layers, *beyond))}"
    if each.verdict.state == "waiting" or each.revive:
        return f"aiops wait{asked(look)}"
    return f"kubectl -n {look.namespace} describe application {each.expected.name}"


def _unsettled_s(look: Look, plan: Plan, app: Json | None) -> float | None:
    """For how long: since its commit, its health or its sync last changed, whichever is newest."""
    status = (app or {}).get("status", {})
    times = [
        plan.committed,
        (status.get("health") or {}).get("lastTransitionTime"),
        (status.get("operationState") or {}).get("startedAt"),
        (app or {}).get("metadata", {}).get("creationTimestamp"),
    ]
    ages = [age for time in times if (age := age_s(look.at, time or None)) is not None]
    return min(ages, default=None)


CHECK = Check(
    slug="applications-settled",
    group="layers",
    title="every application of the profile stands",
    reads=("applications", "application-sets", "kinds", "brings", "details", "plan", "config", "jobs", *BENEATH),
    needs=("argocd-installed", "git-readable", "argocd-controller-alive"),
    judge=_judge,
)
