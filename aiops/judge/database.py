"""A CloudNativePG Cluster whose first instance nobody makes."""

from collections.abc import Iterable
from datetime import datetime

from aiops.judge.age import age_s
from aiops.snapshot import Json

FIRST = "Setting up primary"
"""status.phase from just before its Job is made until the first instance is up (cloudnative-pg
internal/controller/cluster_create.go, api/v1/cluster_types.go)."""
PATIENCE_S = 600.0


def bootstrap_missing(body: Json, jobs: Iterable[Json], now: datetime) -> bool:
    """It has been in its first phase for long, has no instance, and no Job of it is there."""
    status, age = body.get("status") or {}, age_s(now, body["metadata"].get("creationTimestamp"))
    if status.get("phase") != FIRST or status.get("readyInstances") or age is None or age < PATIENCE_S:
        return False
    return not any(_is_of(job, body) for job in jobs)


def _is_of(job: Json, body: Json) -> bool:
    meta, owner = job["metadata"], body["metadata"]
    if meta.get("namespace") != owner.get("namespace"):
        return False
    owned = any(each.get("uid") == owner.get("uid") for each in meta.get("ownerReferences") or ())
    return owned or (meta.get("labels") or {}).get("cnpg.io/cluster") == owner["name"]
