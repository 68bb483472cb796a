"""Who does the cluster take us for, and what does it not let us see?"""

import re
from collections.abc import Iterator

from aiops.checks.check import Check, ok
from aiops.judge.finding import Evidence, Finding
from aiops.snapshot.look import Look

CLUSTER_READS = (  # but for Secrets, whose right is one of its own: secrets-present tells
    "version", "user", "kinds", "argocd-settings", "autoscaler",
    "api-services", "autoscalers", "claims", "daemon-sets", "deployments", "endpoint-slices", "events", "jobs",
    "mutating-webhooks", "namespaces", "network-policies", "nodes", "pods", "services", "storage-classes",
    "validating-webhooks", "applications", "application-sets", "app-projects",
    "external-secrets", "secret-stores", "cluster-secret-stores", "cluster-queues", "databases", "gateway-classes",
    "gateway-policies", "gateways", "http-routes", "inference-pools", "inference-services", "pod-monitors",
    "scaled-objects", "service-monitors",
)  # fmt: skip


def _judge(look: Look) -> Iterator[Finding]:
    refused = [unread for unread in look.unread.values() if unread.refused]
    user = look.value("user")
    if not refused:
        yield ok(f"{user} is refused nothing that doctor looks at")
        return
    yield Finding(
        status="unknown",
        symptom=f"{user} may not {', '.join(each.refused for each in refused)}",
        cause="nothing can be said of what is not read; docs/rbac.yaml of aiops has the roles",
        fix=_binding(user),
        evidence=(Evidence("the server", refused[0].why),),
    )


def _binding(user: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", user.removeprefix("system:serviceaccount:").lower()).strip("-")
    return f"kubectl create clusterrolebinding {name}-aiops-doctor --clusterrole=aiops-doctor {_subject(user)}"


def _subject(user: str) -> str:
    """As kubectl names who a role is bound to."""
    account = user.removeprefix("system:serviceaccount:")
    return f"--user={user}" if account == user else f"--serviceaccount={account}"


CHECK = Check(
    slug="access",
    group="cluster",
    title="this user is refused nothing that doctor looks at",
    reads=CLUSTER_READS,
    needs=("cluster-reachable",),
    judge=_judge,
)
