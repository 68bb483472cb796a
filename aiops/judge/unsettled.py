"""Why an application does not stand, where that is a cause of its own: each of them is told by one check alone."""

from collections.abc import Collection

from aiops.judge.application import judge_application, left_alone
from aiops.judge.comparison import is_behind, other_commit
from aiops.judge.delivery import GroupKind, missing_kinds
from aiops.judge.expectation import Expected
from aiops.judge.operation import operation_of
from aiops.judge.webhook import Call, failed_call
from aiops.snapshot import Json

QUEUE: GroupKind = ("kueue.x-k8s.io", "ClusterQueue")
JOB: GroupKind = ("batch", "Job")


def told_by(
    app: Json, expected: Expected, known: frozenset[GroupKind], jobs: Collection[tuple[str, str]] | None
) -> str:
    """The slug of the check that tells why it does not stand; empty: `applications-settled` tells it itself.

    `jobs` are the namespaces and names of all that are there; None: nobody knows.
    """
    if unanswered(app, expected) is not None:
        return "webhooks-answer"
    if gave_up(app, expected, known):
        return "sync-retries"
    if is_behind(app, expected):
        return "" if left_alone(app) else "commit-current"
    if synced_and_differs(app, expected, QUEUE):
        return "kueue-defaults"
    gone = jobs is not None and missing_jobs(app, expected, jobs)
    return "jobs-are-hooks" if gone else ""


def unanswered(app: Json, expected: Expected) -> Call | None:
    """The webhook on which its sync failed, where that sync still counts."""
    operation = operation_of(app)
    old = operation.over and other_commit(operation.revisions, expected)
    return None if old else failed_call(app)


def gave_up(app: Json, expected: Expected, known: frozenset[GroupKind]) -> bool:
    """The sync of the expected commit failed, and Argo CD will not try it again.

    Not where that is for a kind that is missing, or for a reason that stays: trying again helps neither. Of an
    application that is synced by hand: its last sync failed.
    """
    if missing_kinds(app, known) or unanswered(app, expected) is not None:
        return False
    if not expected.automatic:
        operation = operation_of(app)
        return operation.phase == "failed" and not other_commit(operation.revisions, expected)
    verdict = judge_application(app, expected, None)
    return verdict.state == "waiting" and verdict.stuck == "retries used up"


def synced_and_differs(app: Json, expected: Expected, kind: GroupKind) -> tuple[Json, ...]:
    """What of a kind differs from git, just after git was synced, where nothing else of the application does."""
    operation = operation_of(app)
    done = operation.phase == "succeeded" and not other_commit(operation.revisions, expected)
    resources = app.get("status", {}).get("resources") or ()
    found = tuple(each for each in resources if each.get("status") == "OutOfSync")
    return found if done and all((each.get("group", ""), each["kind"]) == kind for each in found) else ()


def missing_jobs(app: Json, expected: Expected, jobs: Collection[tuple[str, str]]) -> tuple[Json, ...]:
    """The Jobs that it synced and that are not there any more, where nothing else of it differs from git."""
    found = synced_and_differs(app, expected, JOB)
    gone = all((each.get("namespace", ""), each["name"]) not in jobs for each in found)
    return found if gone else ()
