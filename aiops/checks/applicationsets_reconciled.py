"""Has each layer an ApplicationSet, and has that made the groups of the file?"""

from collections.abc import Iterator
from math import inf

from aiops.checks.check import Check, ok
from aiops.judge.age import age_s, since
from aiops.judge.alive import SET_RESYNC_S
from aiops.judge.applicationset import judge_applicationset, refresh_pending
from aiops.judge.finding import Finding
from aiops.judge.plan import Plan, applications_of, plan_of
from aiops.judge.profiles import asked
from aiops.snapshot import Json
from aiops.snapshot.look import Look

SEEN_BY_NOW_S = 2 * SET_RESYNC_S


def _judge(look: Look) -> Iterator[Finding]:
    plan = plan_of(look)
    sets = look.named("application-sets")
    if not plan.layers:
        yield Finding(
            status="fail",
            symptom="no layer of the platform is on the cluster",
            cause="its ApplicationSets were never applied, or somebody deleted them",
            fix="aiops root --profile platform",
        )
        return
    age = age_s(look.at, plan.committed or None)
    fresh = age is not None and age < SEEN_BY_NOW_S
    found = [each for layer in plan.layers if (each := _layer(look, plan, layer, sets, fresh)) is not None]
    yield from found
    if not found:
        yield ok(
            f"{len(plan.layers)} ApplicationSets have made {sum(len(plan.groups_of(x)) for x in plan.layers)} groups"
        )


def _layer(look: Look, plan: Plan, layer: str, sets: dict[str, Json], fresh: bool) -> Finding | None:
    """What is wrong with a layer's; None where nothing is. It re-reads git every few minutes: until then it may lag."""
    name, groups = plan.sets[layer], plan.groups_of(layer)
    # what it has made too much is left to groups-pruned
    meant = {key: body for key, body in applications_of(look).items() if key in {each.name for each in groups}}
    verdict = judge_applicationset(sets.get(name), groups, meant, inf)
    if verdict.state == "settled":
        return None
    passing, cause = _cause(look, plan, sets.get(name), fresh)
    return Finding(
        status="warn" if verdict.state == "waiting" and passing else "fail",
        symptom=f"ApplicationSet {name}: {verdict.detail}",
        cause=cause,
        about=f"ApplicationSet {name}",
        fix=f"aiops root{asked(look)}",
    )


def _cause(look: Look, plan: Plan, body: Json | None, fresh: bool) -> tuple[bool, str]:
    """Whether it may well pass by itself, and why it is so."""
    if body is None:
        return False, "its layer was never applied, or somebody deleted it"
    if refresh_pending(body):  # one that is never answered is for applicationset-controller-alive to tell
        return True, "it was asked to read git again, and has not ended that pass yet"
    if fresh:
        return True, f"{plan.branch} moved to {plan.commit[:8]} only just now"
    age = age_s(look.at, body["metadata"].get("creationTimestamp"))
    if age is not None and age < SEEN_BY_NOW_S:
        return True, f"it was made {since(age)} ago"
    return False, f"it does not make of {plan.branch} at {plan.commit[:8]} what the groups file asks for"


CHECK = Check(
    slug="applicationsets-reconciled",
    group="layers",
    title="each layer's ApplicationSet has made the groups of the file",
    reads=("application-sets", "applications", "plan", "config"),
    needs=("argocd-installed", "git-readable", "applicationset-controller-alive"),
    judge=_judge,
)
