"""Does the Kubernetes API answer, and let us in?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok
from aiops.judge.finding import Finding
from aiops.snapshot.look import Look, NotRead


def _judge(look: Look) -> Iterator[Finding]:
    try:
        look.value("version")
    except NotRead as error:
        if not error.unread.refused:
            raise
    yield ok(f"{look.context} answers")


CHECK = Check(
    slug="cluster-reachable",
    group="cluster",
    title="the Kubernetes API answers and takes our login",
    reads=("version",),
    prerequisite=True,
    judge=_judge,
)
