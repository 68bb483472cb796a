"""Does Argo CD's application controller look at the applications?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok, skip
from aiops.judge.age import age_s, since
from aiops.judge.alive import controller_stalled, is_looked_at, resync_s
from aiops.judge.finding import Finding
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    applications = [body for body in look.items("applications") if is_looked_at(body)]
    resync = resync_s(look.value("argocd-settings"))
    if not applications:
        yield skip("there is no Application that it would look at")
        return
    stalled = controller_stalled(applications, resync, look.at)
    if stalled is not None:
        yield stalled
        return
    newest = max((str(body.get("status", {}).get("reconciledAt") or "") for body in applications), default="")
    age = age_s(look.at, newest or None)
    if age is None:
        yield Finding(
            status="warn",
            symptom="it has looked at no Application yet, and none has waited for long",
            cause="the applications are new, or the controller has never run",
            fix="aiops wait",
        )
    else:
        yield ok(f"it looked at an Application {since(age)} ago, and nothing waits for it")


CHECK = Check(
    slug="argocd-controller-alive",
    group="argocd",
    title="Argo CD's application controller looks at the applications",
    reads=("applications", "argocd-settings"),
    needs=("argocd-installed",),
    prerequisite=True,
    judge=_judge,
)
