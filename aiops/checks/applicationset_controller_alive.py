"""Does Argo CD's ApplicationSet controller answer?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok, skip
from aiops.judge.alive import set_controller_stalled
from aiops.judge.finding import Finding
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    sets = look.items("application-sets")
    if not sets:
        yield skip("there is no ApplicationSet yet that it could work on")
        return
    yield set_controller_stalled(sets, look.at) or ok(f"no refresh of its {len(sets)} ApplicationSets waits for it")


CHECK = Check(
    slug="applicationset-controller-alive",
    group="argocd",
    title="Argo CD's ApplicationSet controller answers",
    reads=("application-sets",),
    needs=("argocd-installed",),
    prerequisite=True,
    judge=_judge,
)
