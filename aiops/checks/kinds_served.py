"""Does the cluster know every kind that the applications use?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok, skip
from aiops.judge.age import age_s
from aiops.judge.delivery import GroupKind, missing_kinds, words
from aiops.judge.expectation import Expected
from aiops.judge.finding import Finding
from aiops.judge.plan import applications_of, known_kinds, plan_of
from aiops.judge.profiles import asked, with_layers
from aiops.snapshot import Json
from aiops.snapshot.look import Look

COMES_S = 900.0
"""A bring-up may take so long until the layer's own application has brought it."""


def _judge(look: Look) -> Iterator[Finding]:
    applications, known = applications_of(look), known_kinds(look)
    expected = [each for each in plan_of(look).expected if _deploys(applications.get(each.name), each)]
    if not expected:
        yield skip("no application is there yet that could use one")
        return
    users: dict[GroupKind, list[str]] = {}
    for each in expected:
        for kind in missing_kinds(applications[each.name], known):
            users.setdefault(kind, []).append(each.name)
    for kind, names in users.items():
        yield _missing(look, kind, names)
    if not users:
        yield ok(f"the cluster knows every kind that {len(expected)} applications use")


def _deploys(app: Json | None, expected: Expected) -> bool:
    """It is there, and it is not one that waits for somebody to sync it for the first time."""
    return app is not None and (expected.automatic or bool((app.get("status") or {}).get("operationState")))


def _missing(look: Look, kind: GroupKind, names: list[str]) -> Finding:
    brings: list[Json] = look.value("brings")
    brought = next((each for each in brings if (each["group"], each["kind"]) == kind), {})
    within, beyond = brought.get("within"), brought.get("beyond")
    cause, fix = (
        "no enabled group of any layer brings it",
        f"grep -rl {kind[0]} .  # which application should bring it?",
    )
    ages = (age_s(look.at, applications_of(look)[name]["metadata"].get("creationTimestamp")) for name in names)
    young = any(age is not None and age < COMES_S for age in ages)
    if within:
        cause, fix = (
            f"layer {within} {'is to bring it' if young else 'should have brought it'}",
            f"aiops wait{asked(look)}",
        )
    elif beyond:
        fix = f"aiops root{with_layers(look, (*plan_of(look).layers, beyond))}"
        cause = f"layer {beyond} brings it, which is not there yet"
    return Finding(
        status="warn" if (beyond and not within) or (within and young) else "fail",
        symptom=f"{words((kind,))} is not served, and {', '.join(names)} need{'s' if len(names) == 1 else ''} it",
        cause=cause,
        about=f"Application {names[0]}",
        fix=fix,
    )


CHECK = Check(
    slug="kinds-served",
    group="layers",
    title="the cluster knows every kind that the applications use",
    reads=("applications", "kinds", "brings", "plan", "config"),
    needs=("argocd-installed", "git-readable"),
    judge=_judge,
)
