"""Is the groups file what the config asks for?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok
from aiops.judge.finding import Evidence, Finding
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    groups = look.value("groups-file")
    changed = [line for line in groups["diff"].splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    if not groups["diff"]:
        yield ok(f"{groups['file']} is what the config asks for")
        return
    yield Finding(
        status="fail",
        symptom=f"{groups['file']} is not what the config asks for",
        cause="the config was edited since it was made: Argo CD deploys what the file says",
        about=groups["file"],
        fix="aiops resolve",
        evidence=tuple(Evidence("diff", line) for line in changed[:4]),
    )


CHECK = Check(
    slug="groups-file-fresh",
    group="config",
    title="the groups file is what the config asks for",
    reads=("groups-file",),
    needs=("config-valid",),
    prerequisite=True,
    judge=_judge,
)
