"""Has each layer an ApplicationSet, and has that made the groups of the file?"""

from collections.abc import Iterator
from math import inf

from aiops.checks.check import Check, ok
from aiops.judge.age import age_s
from aiops.judge.alive import SET_RESYNC_S
from aiops.judge.applicationset import judge_applicationset
from aiops.judge.finding import Finding
from aiops.judge.plan import Plan, applications_of, plan_of
from aiops.judge.profiles import asked
from aiops.snapshot import Json
from aiops.snapshot.look import Look

SEEN_BY_NOW_S = 2 * SET_RESYNC_S


def _judge(look: Look) -> Iterator[Finding]:
    plan = plan_of(look)
    sets = {body["metadata"]["name"]: body for body in look.items("application-sets")}
    fresh = (age_s(look.at, plan.committed) or inf) < SEEN_BY_NOW_S
    found = [each for layer in plan.layers if (each := _layer(look, plan, layer, sets, fresh)) is not None]
    yield from found
    if not found:
        yield ok(
            f"{len(plan.layers)} ApplicationSets have made {sum(len(plan.groups_of(x)) for x in plan.layers)} groups"
        )


def _layer(look: Look, plan: Plan, layer: str, sets: dict[str, Json], fresh: bool) -> Finding | None:
    """What is wrong with a layer's; None where nothing is. It re-reads git every few minutes: until then it may lag."""
    name = plan.sets[layer]
    verdict = judge_applicationset(sets.get(name), plan.groups_of(layer), applications_of(look), inf)
    if verdict.state == "settled":
        return None
    return Finding(
        status="warn" if verdict.state == "waiting" and fresh else "fail",
        symptom=f"ApplicationSet {name}: {verdict.detail}",
        cause=f"{plan.branch} moved to {plan.commit[:8]} only just now"
        if fresh
        else f"it does not make of {plan.branch} at {plan.commit[:8]} what the groups file asks for",
        about=f"ApplicationSet {name}",
        fix=f"aiops root{asked(look)}",
    )


CHECK = Check(
    slug="applicationsets-reconciled",
    group="layers",
    title="each layer's ApplicationSet has made the groups of the file",
    reads=("application-sets", "applications", "plan", "config"),
    needs=("argocd-installed", "git-readable", "applicationset-controller-alive"),
    judge=_judge,
)
