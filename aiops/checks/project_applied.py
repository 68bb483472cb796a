"""Is the AppProject there that the tree's applications belong to?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok, skip
from aiops.judge.finding import Finding
from aiops.judge.plan import plan_of
from aiops.judge.profiles import asked
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    plan = plan_of(look)
    wanted = plan.projects
    bodies = look.items("app-projects")
    there = {body["metadata"]["name"] for body in bodies if not body["metadata"].get("deletionTimestamp")}
    if not plan.layers:
        yield skip("no layer is on the cluster that would need one")
        return
    if not wanted:
        yield skip("the tree holds no AppProject")
        return
    missing = [name for name in wanted if name not in there]
    for name in missing:
        yield Finding(
            status="fail",
            symptom=f"AppProject {name} is not on the cluster, or is being deleted",
            cause="it was never applied, or somebody deleted it: Argo CD refuses every application of it",
            about=f"AppProject {name}",
            fix=f"aiops root{asked(look)}",
        )
    if not missing:
        yield ok(f"AppProject {', '.join(wanted)} is there")


CHECK = Check(
    slug="project-applied",
    group="layers",
    title="the tree's AppProject is on the cluster",
    reads=("app-projects", "plan", "config"),
    needs=("argocd-installed", "git-readable"),
    judge=_judge,
)
