"""One application: what must not settle, each beside the like that must."""

from typing import Any

import pytest

from aiops.judge.application import judge_application
from tests.judge.saved import BOTH, HEAD, OLD, REFRESH, SINCE, at, condition, expected, failed, saved, with_changes

LOOKED, FINISHED = "2026-11-23T04:28:35Z", "2026-11-23T04:28:22Z"
SKIP = "argocd.argoproj.io/skip-reconcile"
RUNNING = {"status.operationState.phase": "Running", "status.operationState.finishedAt": None}
FAILED = {"status.operationState.phase": "Failed"}
IGNORED = [{"kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]
FIRST: dict[str, Any] = {"operation": {"sync": {}}, "status.operationState": None}
WAVE = {"status.operationState.message": "waiting for healthy state of apps/Deployment/meter"}

NOT_SETTLED = {
    "never looked at": ({"status": {}}, "waiting", "has not looked at it yet"),
    "refresh pending": ({"metadata.annotations": REFRESH}, "waiting", "asked Argo CD to look again"),
    "older commit": ({"status.sync.revision": OLD}, "waiting", "compared with ecac02f1, and main is at 8f7ae6a0"),
    "unresolved commit": ({"status.sync.revision": "main"}, "waiting", "compared with main"),
    "other source": ({"spec.source.path": "charts/other"}, "waiting", "its spec changed"),
    "other destination": ({"spec.destination.namespace": "other"}, "waiting", "its spec changed"),
    "other ignoreDifferences": ({"spec.ignoreDifferences": IGNORED}, "waiting", "its spec changed"),
    "sources for a source": ({"spec.sources": [{"path": "x"}]}, "waiting", "its spec changed"),
    "operation asked for": ({"operation": {"sync": {}}}, "waiting", "a sync is asked for"),
    "first operation asked for": (FIRST, "waiting", "a sync is asked for"),
    "operation running": (RUNNING, "waiting", "syncing: successfully"),
    "same second": ({"status.reconciledAt": FINISHED}, "waiting", "has not looked at it since"),
    "looked at before the end": ({"status.reconciledAt": "2026-11-23T04:28:20Z"}, "waiting", "not looked at it since"),
    "OutOfSync": ({"status.sync.status": "OutOfSync"}, "waiting", "OutOfSync"),
    "Unknown": ({"status.sync.status": "Unknown"}, "waiting", "Unknown"),
    "Progressing": ({"status.health.status": "Progressing"}, "waiting", "Progressing"),
    "Missing": ({"status.health.status": "Missing"}, "waiting", "Missing"),
    "Degraded": ({"status.health.status": "Degraded"}, "waiting", "Degraded"),
    "no health": ({"status.health": {}}, "waiting", ""),
    "no resources": ({"status.resources": []}, "hopeless", "no resources at all"),
    "null resources": ({"status.resources": None}, "hopeless", "no resources at all"),
    "being deleted": ({"metadata.deletionTimestamp": LOOKED}, "waiting", "is being deleted"),
    "skip-reconcile": ({"metadata.annotations": {SKIP: "true"}}, "hopeless", SKIP),
}
SETTLED: dict[str, dict[str, Any]] = {
    "as saved": {},
    "another annotation": {"metadata.annotations": {"argocd.argoproj.io/sync-wave": "1"}},
    "skip-reconcile false": {"metadata.annotations": {SKIP: "false"}},
    "no operation ever": {"status.operationState": None},
    "ignoreDifferences compared": {
        "spec.ignoreDifferences": IGNORED,
        "status.sync.comparedTo.ignoreDifferences": IGNORED,
    },
    "empty ignoreDifferences": {"spec.ignoreDifferences": []},
    "syncPolicy, which is not compared": {"spec.syncPolicy.automated.prune": False},
    "a warning": condition("OrphanedResourceWarning", "Application has 1 orphaned resources"),
    "SyncError, which repeats an older failure": condition("SyncError", "Failed last sync attempt"),
    "an older commit's sync failed, and the new one is Synced": failed(revision=OLD),
}


@pytest.mark.parametrize("case", NOT_SETTLED.values(), ids=NOT_SETTLED)
@pytest.mark.parametrize("since", [None, at("04:28:00")], ids=["any look", "since"])
def test_not_settled(case: tuple[dict[str, Any], str, str], since: Any) -> None:
    changes, state, detail = case
    verdict = judge_application(with_changes("settled", changes), expected(), since)
    assert verdict.state == state
    assert detail in verdict.detail


@pytest.mark.parametrize("changes", SETTLED.values(), ids=SETTLED)
def test_settled(changes: dict[str, Any]) -> None:
    assert judge_application(with_changes("settled", changes), expected(), SINCE).state == "settled"


@pytest.mark.parametrize("automatic", [True, False])
def test_absent_names_who_should_make_it(automatic: bool) -> None:
    wanted = expected(automatic=automatic, made_by="ApplicationSet layer-ground")
    verdict = judge_application(None, wanted, None)
    assert (verdict.state, verdict.stale) == ("waiting", False)
    assert "ApplicationSet layer-ground has not made it" in verdict.detail


@pytest.mark.parametrize(
    ("since", "state"), [("04:28:34", "settled"), ("04:28:35", "waiting"), ("04:28:36", "waiting")]
)
def test_a_look_counts_only_after_the_run_began(since: str, state: str) -> None:
    verdict = judge_application(saved("settled"), expected(), at(since))
    assert (verdict.state, verdict.stale) == (state, state == "waiting")


def test_resources_may_be_none_where_the_files_declare_it() -> None:
    app = with_changes("settled", {"status.resources": []})
    assert judge_application(app, expected(may_be_empty=True), SINCE).state == "settled"


@pytest.mark.parametrize(
    ("changes", "stale"),
    [
        ({"status.health.status": "Progressing"}, True),  # CRDs stay Progressing until somebody asks (#14266)
        ({"status.sync.status": "OutOfSync"}, True),
        ({"status.sync.revision": OLD}, True),
        ({"metadata.annotations": REFRESH}, False),
        (RUNNING, False),
        ({"operation": {"sync": {}}}, False),
        ({"metadata.deletionTimestamp": LOOKED}, False),
    ],
)
def test_a_refresh_is_asked_for_where_it_can_tell(changes: dict[str, Any], stale: bool) -> None:
    assert judge_application(with_changes("settled", changes), expected(), SINCE).stale is stale


@pytest.mark.parametrize(
    ("changes", "unwell", "applied"),
    [
        ({}, False, False),
        (RUNNING, False, False),
        ({**RUNNING, **WAVE}, True, True),
        ({**RUNNING, **WAVE, "status.operationState.syncResult.revision": OLD}, True, False),
        ({"status.sync.status": "OutOfSync"}, True, False),
        ({"status.health.status": "Progressing"}, True, True),
    ],
)
def test_what_lies_beneath_is_looked_at_where_it_can_explain(
    changes: dict[str, Any], unwell: bool, applied: bool
) -> None:
    verdict = judge_application(with_changes("settled", changes), expected(), SINCE)
    assert (verdict.unwell, verdict.applied) == (unwell, applied)


def test_only_degraded_is_stuck() -> None:
    verdicts = {
        health: judge_application(with_changes("settled", {"status.health.status": health}), expected(), SINCE).stuck
        for health in ("Progressing", "Missing", "Degraded", "Unknown")
    }
    assert verdicts == {"Progressing": "", "Missing": "", "Degraded": "unwell", "Unknown": ""}


def test_suspended_is_a_state_of_its_own() -> None:
    app = with_changes("settled", {"status.health.status": "Suspended"})
    assert judge_application(app, expected(), SINCE).state == "suspended"


def test_out_of_sync_names_three_and_counts_the_rest() -> None:
    resources = [{"kind": "ConfigMap", "name": name, "status": "OutOfSync"} for name in "abcde"]
    resources.append({"kind": "Secret", "name": "same", "status": "Synced"})
    app = with_changes("settled", {"status.sync.status": "OutOfSync", "status.resources": resources})
    detail = judge_application(app, expected(), SINCE).detail
    assert detail == "OutOfSync: ConfigMap a, ConfigMap b, ConfigMap c and 2 more"


@pytest.mark.parametrize(
    ("changes", "heads", "state"),
    [
        ({}, BOTH, "settled"),
        ({"status.sync.comparedTo.source.repoURL": "x"}, BOTH, "settled"),
        ({"status.sync.revisions.0": "1.2.3"}, {1: ("main", HEAD)}, "settled"),
        ({"status.sync.revisions.1": OLD}, BOTH, "waiting"),
        ({"status.sync.revisions": [HEAD]}, BOTH, "waiting"),
        ({"spec.sources.1.path": "other"}, BOTH, "waiting"),
        ({**FAILED, "status.operationState.syncResult.revisions.1": OLD}, BOTH, "settled"),
        ({**FAILED, "status.operationState.syncResult.revisions.1": HEAD}, BOTH, "waiting"),
    ],
)  # fmt: skip
def test_several_sources(changes: dict[str, Any], heads: Any, state: str) -> None:
    assert judge_application(with_changes("two-sources", changes), expected(heads=heads), SINCE).state == state


def test_without_a_known_head_any_commit_will_do() -> None:
    app = with_changes("settled", {"status.sync.revision": "1.2.3"})
    assert judge_application(app, expected(heads={}), SINCE).state == "settled"


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({}, "not synced yet: `aiops sync` deploys it"),
        ({"status.operationState": {"phase": "Succeeded"}}, "OutOfSync, Missing"),
        ({"status.sync.status": "Synced", "status.health.status": "Healthy"}, "Synced, Healthy"),
        ({"status": {}}, "Unknown, Unknown"),
    ],
)
def test_manual_is_an_end_however_it_stands(changes: dict[str, Any], detail: str) -> None:
    verdict = judge_application(with_changes("manual", changes), expected(automatic=False), SINCE)
    assert (verdict.state, verdict.detail) == ("manual", detail)
