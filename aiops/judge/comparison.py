"""Which spec and which commits Argo CD compared the cluster with, when it said what it says."""

from collections.abc import Sequence

from aiops.judge.condition import errors
from aiops.judge.expectation import Expected
from aiops.judge.operation import operation_of
from aiops.snapshot import Json


def compared(status: Json) -> Sequence[str]:
    """What was compared last, for each source: a commit, or its unresolved name where git could not be read."""
    sync = status.get("sync", {})
    return sync.get("revisions") or [sync.get("revision", "")]


def other_commit(revisions: Sequence[str], expected: Expected) -> bool:
    """One of them is a commit, and known not to be the expected one."""
    return any(
        len(found) == len(head) and found != head
        for index, (_, head) in expected.heads.items()
        for found in revisions[index : index + 1]
    )


def spec_compared(app: Json) -> bool:
    """Argo CD's own test: sources, destination and ignoreDifferences (appcontroller.go needRefreshAppStatus)."""
    spec, done = app["spec"], app.get("status", {}).get("sync", {}).get("comparedTo") or {}
    if spec.get("sources"):
        same_source = spec["sources"] == done.get("sources")
    else:
        same_source = spec.get("source") == done.get("source")
    return (
        same_source
        and spec.get("destination") == done.get("destination")
        and (spec.get("ignoreDifferences") or []) == (done.get("ignoreDifferences") or [])
    )


def is_behind(app: Json, expected: Expected) -> bool:
    """It calls itself synced, at rest, for its present spec, and with another commit than the expected one."""
    status = app.get("status", {})
    return bool(
        status.get("sync", {}).get("status") == "Synced"
        and not app["metadata"].get("deletionTimestamp")
        and operation_of(app).over
        and next(errors(status), None) is None
        and spec_compared(app)
        and other_commit(compared(status), expected)
    )
