"""Would an ApplicationSet delete groups that run?"""

from collections import Counter
from collections.abc import Iterable, Iterator

from aiops.checks.check import Check, ok, skip
from aiops.judge.age import age_s
from aiops.judge.alive import SET_RESYNC_S
from aiops.judge.applicationset import surplus
from aiops.judge.finding import Evidence, Finding
from aiops.judge.plan import Plan, applications_of, plan_of
from aiops.judge.pruning import children, losses
from aiops.snapshot import Json
from aiops.snapshot.look import Look

SEEN_BY_NOW_S = 2 * SET_RESYNC_S


def _judge(look: Look) -> Iterator[Finding]:
    plan, sets = plan_of(look), look.named("application-sets")
    there = {name: sets[name] for name in plan.sets.values() if name in sets}
    if not there:
        yield skip("no ApplicationSet of these layers is on the cluster")
        return
    found = [*_pushed(look, plan, there), *_here(look, plan, there)]
    yield from found
    if not found:
        yield ok(f"every group of {len(there)} ApplicationSets that runs is one that git asks for")


def _pushed(look: Look, plan: Plan, sets: dict[str, Json]) -> Iterator[Finding]:
    """What the branch does not ask for any more."""
    applications, age = applications_of(look), age_s(look.at, plan.committed or None)
    groups = look.value("groups-pushed")
    fresh = age is not None and age < SEEN_BY_NOW_S
    for layer, name in plan.sets.items():
        gone = surplus(sets[name], plan.groups_of(layer), applications) if name in sets else ()
        going = all(applications[each]["metadata"].get("deletionTimestamp") for each in gone)
        if gone:
            yield Finding(
                status="warn" if fresh or going else "fail",
                symptom=f"ApplicationSet {name} {'deletes' if fresh or going else 'still has'} {', '.join(gone)}"
                f" with {_held(look, gone)}",
                cause=f"the groups file of {plan.branch} at {plan.commit[:8]} does not enable "
                f"{'it' if len(gone) == 1 else 'them'} any more",
                about=f"ApplicationSet {name}",
                fix=f"git -C {groups['tree']} log -p -1 {plan.commit[:8]} -- {groups['file']}  # not meant: revert it",
                evidence=_named(look, gone),
            )


def _here(look: Look, plan: Plan, sets: dict[str, Json]) -> Iterator[Finding]:
    """What a push of the groups file that lies here would take away, beside what the branch takes away already."""
    groups, applications = look.value("groups-pushed"), applications_of(look)
    here: dict[str, list[str]] = groups.get("groups") or {}
    if groups["same"] or not groups.get("ahead"):  # a push of what is behind would be refused
        return
    for layer, name in plan.sets.items():
        kept = [each for each in plan.groups_of(layer) if each.name in here.get(layer, ())]
        pushed = surplus(sets[name], plan.groups_of(layer), applications) if name in sets else ()
        every = surplus(sets[name], kept, applications) if name in sets and layer in here else ()
        if gone := tuple(each for each in every if each not in pushed):
            yield Finding(
                status="warn",
                symptom=f"pushed as it lies here, {groups['file']} would make ApplicationSet {name} delete "
                f"{', '.join(gone)} with {_held(look, gone)}",
                cause=f"here it does not enable what {plan.branch} enables and what runs",
                about=groups["file"],
                fix=f"git -C {groups['tree']} diff {groups['head'][:8]} -- {groups['file']}  # push it only if meant",
                evidence=_named(look, gone),
            )


def _held(look: Look, groups: Iterable[str]) -> str:
    """`2 applications, 1 Deployment, 1 PersistentVolumeClaim`."""
    names, lost = _beneath(look, groups)
    counts = Counter({"application": len(names)}) + Counter(each["kind"] for each in lost)
    words = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counts.items()]
    return ", ".join(words) or "nothing beneath"


def _named(look: Look, groups: Iterable[str]) -> tuple[Evidence, ...]:
    names, lost = _beneath(look, groups)
    what = ", ".join(f"{each['kind']} {each.get('namespace', '')}/{each['name']}" for each in lost)
    found = (("applications", ", ".join(names)), ("workloads and data", what))
    return tuple(Evidence(source, text) for source, text in found if text)


def _beneath(look: Look, groups: Iterable[str]) -> tuple[list[str], tuple[Json, ...]]:
    applications = applications_of(look)
    names = [child for group in groups for child in children(applications[group])]
    return names, losses(names, applications)


CHECK = Check(
    slug="groups-pruned",
    group="layers",
    title="no ApplicationSet is about to delete a group that runs",
    reads=("application-sets", "applications", "plan", "groups-pushed"),
    needs=("argocd-installed", "git-readable"),
    judge=_judge,
)
