"""Are Argo CD's kinds served?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok
from aiops.judge.finding import Finding
from aiops.judge.plan import known_kinds
from aiops.snapshot.look import Look

KINDS = ("Application", "ApplicationSet", "AppProject")


def _judge(look: Look) -> Iterator[Finding]:
    missing = [kind for kind in KINDS if ("argoproj.io", kind) not in known_kinds(look)]
    if not missing:
        yield ok(f"{', '.join(KINDS)} are served")
        return
    yield Finding(
        status="fail",
        symptom=f"the cluster does not know {', '.join(missing)} (argoproj.io)",
        cause="Argo CD is not installed, or its CustomResourceDefinitions were deleted",
        fix="kubectl get crd | grep argoproj.io",
    )


CHECK = Check(
    slug="argocd-installed",
    group="argocd",
    title="the kinds of Argo CD are served",
    reads=("kinds",),
    needs=("cluster-reachable",),
    prerequisite=True,
    judge=_judge,
)
