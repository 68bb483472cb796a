"""Does Argo CD read the groups file that lies here?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok
from aiops.judge.finding import Finding
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    groups = look.value("groups-pushed")
    file, branch, head = groups["file"], groups["branch"], groups["head"][:8]
    if groups["uncommitted"]:
        yield Finding(
            status="fail",
            symptom=f"{file} differs from the last commit",
            cause="it was changed and not committed, so Argo CD does not see it",
            about=file,
            fix=f"git -C {groups['tree']} diff HEAD -- {file}  # then commit it and push it",
        )
    elif not groups["same"]:
        yield Finding(
            status="fail",
            symptom=f"{file} is not what {branch} at {head} holds, which Argo CD reads",
            cause="this checkout is ahead of the branch, behind it, or on another one",
            about=file,
            fix=f"git -C {groups['tree']} status -sb  # then git push, or git pull",
        )
    else:
        yield ok(f"{file} is committed, and the same on {branch} at {head}")


CHECK = Check(
    slug="groups-file-pushed",
    group="git",
    title="the groups file is committed and pushed",
    reads=("groups-pushed",),
    needs=("config-valid", "git-readable"),
    prerequisite=True,
    judge=_judge,
)
