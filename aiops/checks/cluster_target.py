"""Is this the cluster that the config means?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok, skip
from aiops.gitops.repository import same_repository
from aiops.judge.finding import Finding
from aiops.snapshot import Json
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    config = look.value("config")
    ours, named = config["repository"], config["context"]
    found = sorted({url for body in look.items("application-sets") for url in _repositories(body)})
    if not found:
        yield skip("no ApplicationSet is there yet that could tell")
    elif any(same_repository(url, ours) for url in found):
        yield ok(f"its ApplicationSets read {ours}")
    else:
        yield Finding(
            status="warn" if named else "fail",
            symptom=f"it runs another platform: its ApplicationSets read {', '.join(found)}, the config means {ours}",
            cause=f"aiops.context names {named}, so aiops works on it all the same"
            if named
            else "the kube context, or the config, is that of another cluster",
            fix="kubectl config get-contexts",
        )


def _repositories(applicationset: Json) -> Iterator[str]:
    for generator in (applicationset.get("spec") or {}).get("generators") or ():
        if url := (generator.get("git") or {}).get("repoURL"):
            yield url


CHECK = Check(
    slug="cluster-target",
    group="argocd",
    title="the cluster runs the platform that the config names",
    reads=("config", "application-sets"),
    needs=("cluster-reachable", "config-valid", "argocd-installed"),
    judge=_judge,
)
