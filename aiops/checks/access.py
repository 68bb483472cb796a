"""Who does the cluster take us for, and what does it not let us see?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok
from aiops.judge.finding import Evidence, Finding
from aiops.snapshot.look import Look

CLUSTER_READS = (
    "version", "user", "kinds", "api-services", "nodes", "pods", "deployments", "services", "storage-classes",
    "secrets", "applications", "application-sets", "app-projects", "argocd-settings", "autoscaler",
    "external-secrets", "secret-stores", "cluster-secret-stores",
)  # fmt: skip


def _judge(look: Look) -> Iterator[Finding]:
    refused = [unread for unread in look.unread.values() if unread.refused]
    if not refused:
        yield ok(f"{look.value('user')} may read everything that doctor looks at")
        return
    yield Finding(
        status="unknown",
        symptom=f"{len(refused)} of what doctor looks at may not be read",
        cause="the rights of this user end there, so nothing can be said of it",
        fix="kubectl create clusterrolebinding aiops-doctor --clusterrole=aiops-doctor --user=YOU  # docs/rbac.yaml",
        evidence=tuple(Evidence(each.what, each.why) for each in refused),
    )


CHECK = Check(
    slug="access",
    group="cluster",
    title="this user may read everything that doctor looks at",
    reads=CLUSTER_READS,
    needs=("cluster-reachable",),
    judge=_judge,
)
