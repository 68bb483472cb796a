"""What is done next about one application: on which object it is started, followed, and given up."""

from typing import Any

import pytest

from aiops.operations.sync_step import next_step
from tests.judge.saved import HEAD, OLD, REFRESH, condition, expected, failed, with_changes
from tests.operations.conftest import RUN

BEFORE, LOOKED = "2026-11-23T04:28:20Z", "2026-11-23T04:28:35Z"
OUT_OF_SYNC = {"status.sync.status": "OutOfSync"}
RUNNING = {"status.operationState.phase": "Running", "status.operationState.finishedAt": None}
RETRYING = {"status.operationState.phase": "Running", "status.operationState.syncResult": None}
INFO = [{"name": "aiops-run", "value": RUN}]
OURS = {"status.operationState.operation.info": INFO}
INVALID = {"status.operationState.message": 'Deployment.apps "meter" is invalid: spec.strategy.type'}
WINDOW = {"status.operationState.message": "Sync operation blocked by sync window"}


def step(changes: dict[str, Any], *, asked_at: str | None = BEFORE, started: bool = False) -> Any:
    """objects/settled.json was looked at at 04:28:35, after a sync that ended at 04:28:22."""
    return next_step(with_changes("settled", changes), expected(), RUN, asked_at=asked_at, started=started)


NOT_YET: dict[str, tuple[dict[str, Any], str, str]] = {
    "its look is not after our asking": ({"status.reconciledAt": BEFORE}, "ask", "asked Argo CD to look again"),
    "never looked at": ({"status": {}}, "ask", "asked Argo CD to look again"),
    "a refresh is pending": ({"metadata.annotations": REFRESH}, "ask", "asked Argo CD to look again"),
    "older commit": ({"status.sync.revision": OLD}, "ask", "compared with ecac02f1, and main is at 8f7ae6a0"),
    "unresolved commit": ({"status.sync.revision": "main"}, "ask", "compared with main, and main is at 8f7ae6a0"),
    "other spec": ({"spec.source.path": "x"}, "ask", "its spec changed and was not compared yet"),
    "an error that may pass": (
        condition("ComparisonError", "connection refused"),
        "ask",
        "ComparisonError: connection",
    ),
    "an error of an older look": (
        {**condition("ComparisonError", "failed to generate manifest"), "status.reconciledAt": BEFORE},
        "ask",
        "ComparisonError",
    ),
    "another sync is asked for": ({"operation": {"sync": {}}}, "wait", "another sync is running"),
    "another sync runs": (RUNNING, "wait", "another sync is running: successfully synced"),
    "another sync is retried": (RETRYING, "wait", "another sync is running: successfully synced"),
}


@pytest.mark.parametrize("case", NOT_YET.values(), ids=NOT_YET)
def test_what_does_not_count_yet_starts_nothing(case: tuple[dict[str, Any], str, str]) -> None:
    changes, act, detail = case
    found = step(OUT_OF_SYNC | changes)
    assert (found.act, found.result) == (act, None)
    assert found.detail.startswith(detail)


def test_a_fresh_look_decides() -> None:
    assert step(OUT_OF_SYNC).act == "start"
    assert step({}).result.outcome == "unchanged"
    assert step(OUT_OF_SYNC, asked_at=None).act == "ask"
    assert step(OUT_OF_SYNC | failed("boom")).act == "start"  # the failure of an earlier sync is what this one mends


HOPELESS: dict[str, tuple[dict[str, Any], str]] = {
    "being deleted": ({"metadata.deletionTimestamp": LOOKED}, "it is being deleted"),
    "left alone": ({"metadata.annotations": {"argocd.argoproj.io/skip-reconcile": "true"}}, "does not look at it"),
    "its spec is invalid": (
        {**condition("InvalidSpecError", "no project"), "status.reconciledAt": BEFORE},
        "InvalidSpecError: no project",
    ),
    "its commit cannot be rendered": (condition("ComparisonError", "failed to generate manifest"), "ComparisonError"),
    "our sync failed": (OURS | failed("boom"), "boom"),
    "our sync is retried in vain": (OURS | RETRYING | INVALID, "Argo CD goes on retrying it"),
}


@pytest.mark.parametrize("case", HOPELESS.values(), ids=HOPELESS)
def test_what_cannot_succeed_ends_at_once(case: tuple[dict[str, Any], str]) -> None:
    changes, message = case
    found = step(OUT_OF_SYNC | changes)
    assert (found.act, found.result.outcome) == ("end", "failed")
    assert message in found.result.message


def test_a_deleted_application_is_not_waited_for() -> None:
    found = next_step(None, expected(), RUN, asked_at=None, started=True)
    assert found.result is not None
    assert (found.result.outcome, found.detail) == ("failed", "it was deleted")


@pytest.mark.parametrize(
    ("changes", "act", "detail"),
    [
        ({"status.operationState": None, "operation": {"info": INFO}}, "wait", "syncing"),
        (OURS | RUNNING, "wait", "syncing: successfully synced"),
        (OURS | RUNNING | WINDOW, "wait", "syncing: held back by AppProject platform: Sync operation blocked by sync"),
        (OURS | RUNNING | WINDOW | {"spec.project": ""}, "wait", "syncing: held back by AppProject default"),
        (OURS | RETRYING, "wait", "its sync failed, and will be retried"),
        (OURS | {"status.reconciledAt": BEFORE}, "ask", "synced; Argo CD has not looked at it since"),
        (OURS | {"status.reconciledAt": "2026-11-23T04:28:22Z"}, "ask", "synced; Argo CD has not looked at it since"),
        (OURS | {"status.reconciledAt": BEFORE, "metadata.annotations": REFRESH}, "ask", "synced; Argo CD has not"),
    ],
)  # fmt: skip
def test_our_sync_is_followed_to_the_look_after_it(changes: dict[str, Any], act: str, detail: str) -> None:
    found = step(OUT_OF_SYNC | changes, started=True)
    assert (found.act, found.result) == (act, None)
    assert found.detail.startswith(detail)


def resource(message: str, status: str = "Synced", **more: str) -> dict[str, str]:
    return {"kind": "Service", "name": "meter", "status": status, "message": message, **more}


def test_its_result_names_what_changed() -> None:
    resources = [
        resource("service/meter unchanged"),
        resource("service/meter configured", namespace="web"),
        resource("ignored (requires pruning)", "PruneSkipped"),
    ]
    result = step(OURS | {"status.operationState.syncResult.resources": resources}).result
    assert (result.outcome, result.message) == ("synced", "successfully synced (all tasks run)")
    assert result.resources == (
        ("Service web/meter", "Synced", "service/meter configured"),
        ("Service meter", "PruneSkipped", "ignored (requires pruning)"),
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (OUT_OF_SYNC, "it is still OutOfSync"),
        ({"status.operationState.syncResult.revision": OLD}, "it synced another commit than the one that was checked"),
        ({"status.operationState.syncResult.revision": HEAD}, ""),
    ],
)
def test_a_success_with_a_but_says_so(changes: dict[str, Any], words: str) -> None:
    message = step(OURS | changes).result.message
    assert message == "successfully synced (all tasks run)" + (f"; {words}" if words else "")


def test_another_sync_in_the_place_of_ours_is_a_failure() -> None:
    found = step(OUT_OF_SYNC, started=True)
    assert (found.result.outcome, found.detail) == ("failed", "another sync took its place")
