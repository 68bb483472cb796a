"""Lists that cannot be as empty as they came: a proxy's `[]`, a filter of somebody's, a broken answer."""

from collections.abc import Iterator, Mapping
from typing import Any

from aiops.judge.stoppable import TRACKING_ID
from aiops.snapshot import Json

TRACKED = {"deployments": "Deployment", "services": "Service", "external-secrets": "ExternalSecret"}
"""Lists of what Argo CD deploys and keeps an account of."""


def doubted(reads: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(name of the list, why it is not believed)."""
    if reads.get("applications") == [] and (count := sum(map(_tracked, reads.get("deployments") or ()))):
        yield "applications", f"the list of Applications came empty, and Argo CD tracks {count} Deployments"
    applications = reads.get("applications") or ()
    for name, kind in TRACKED.items():
        if reads.get(name) == [] and (count := sum(_there(app, kind) for app in applications)):
            yield name, f"the list of {kind}s came empty, and Argo CD has deployed {count}"
    if reads.get("pods") == [] and (count := sum(map(_ready, reads.get("deployments") or ()))):
        yield "pods", f"the list of Pods came empty, and Deployments count {count} that are ready"


def _tracked(deployment: Json) -> bool:
    return TRACKING_ID in (deployment["metadata"].get("annotations") or {})


def _there(app: Json, kind: str) -> int:
    """How many of them an application has synced."""
    resources = (app.get("status") or {}).get("resources") or ()
    return sum(each.get("kind") == kind and each.get("status") == "Synced" for each in resources)


def _ready(deployment: Json) -> int:
    return int((deployment.get("status") or {}).get("readyReplicas") or 0)
