"""Can the branch that Argo CD reads be read, and understood?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok
from aiops.judge.finding import Finding
from aiops.judge.plan import plan_of
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    plan = plan_of(look)
    count = sum(each.kind == "application" for each in plan.expected)
    if not plan.layers:
        yield ok(f"{plan.branch} is at {plan.commit[:8]}")
    elif not count:
        yield Finding(
            status="fail",
            symptom=f"{plan.branch} at {plan.commit[:8]} asks for no application in {', '.join(plan.layers)}",
            cause="the groups file enables none of their groups",
            fix="aiops resolve",
        )
    else:
        yield ok(f"{plan.branch} is at {plan.commit[:8]} and asks for {count} applications in {', '.join(plan.layers)}")


CHECK = Check(
    slug="git-readable",
    group="git",
    title="the branch that Argo CD reads can be read, and asks for applications",
    reads=("plan",),
    needs=("config-valid",),
    prerequisite=True,
    judge=_judge,
)
