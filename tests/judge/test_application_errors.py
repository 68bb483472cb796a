"""What an application's error conditions and failed syncs are taken for: passing, stuck, or hopeless."""

from typing import Any

import pytest

from aiops.judge.application import judge_application
from tests.judge.saved import HEAD, OLD, REFRESH, RETRYING, SINCE, at, condition, expected, failed, with_changes


@pytest.mark.parametrize(
    ("message", "hopeless"),
    [
        ("Failed to generate manifest: rpc error: code = Unknown desc = x: app path does not exist", True),
        ("application repo https://x is not permitted in project 'p'", True),
        ("application destination server 'x' and namespace 'y' do not match any of the allowed destinations in "
         "project 'p'", True),
        ("rpc error: code = Unknown desc = failed to generate manifest: parse error: unexpected EOF", True),
        ("Manifest generation error (cached): rpc error: code = DeadlineExceeded", False),
        ('failed to generate manifest: Get "https://git.example.com": EOF', False),
        ("failed to list refs: dial tcp 10.0.0.1:443: connect: connection refused", False),
    ],
)  # fmt: skip
def test_an_error_of_git_is_hopeless_and_one_of_the_network_passes(message: str, hopeless: bool) -> None:
    app = with_changes("settled", condition("ComparisonError", message))
    verdict = judge_application(app, expected(), SINCE)
    assert verdict.state == ("hopeless" if hopeless else "waiting")
    assert verdict.stuck == ""
    assert verdict.detail.startswith("ComparisonError: ")


@pytest.mark.parametrize("kind", ["ComparisonError", "UnknownError", "DeletionError", "InvalidSpecError"])
def test_any_other_error_is_stuck(kind: str) -> None:
    verdict = judge_application(with_changes("settled", condition(kind, "lua: nil")), expected(), SINCE)
    assert (verdict.state, verdict.stuck, verdict.stale) == ("waiting", "unwell", True)


@pytest.mark.parametrize(
    ("changes", "since"),
    [({}, at("04:28:35")), ({"status.sync.revision": OLD}, SINCE)],
    ids=["from before the run", "of another commit"],
)
def test_an_error_that_may_be_gone_is_only_looked_at_again(changes: dict[str, Any], since: Any) -> None:
    app = with_changes("settled", {**condition("ComparisonError", "app path does not exist"), **changes})
    verdict = judge_application(app, expected(), since)
    assert (verdict.state, verdict.stuck, verdict.stale) == ("waiting", "", True)


@pytest.mark.parametrize("revision", ["main", "", HEAD])
def test_an_error_before_a_commit_was_known_is_of_the_expected_one(revision: str) -> None:
    error = condition("ComparisonError", "app path does not exist")
    app = with_changes("settled", {**error, "status.sync.revision": revision})
    assert judge_application(app, expected(), SINCE).state == "hopeless"


@pytest.mark.parametrize(("annotations", "stuck"), [({}, "unwell"), (REFRESH, "")])
def test_an_invalid_spec_is_never_looked_at_since(annotations: dict[str, str], stuck: str) -> None:
    invalid = condition("InvalidSpecError", "application repo x is not permitted in project 'p'")
    app = with_changes("settled", {**invalid, "metadata.annotations": annotations})
    verdict = judge_application(app, expected(), at("04:28:35"))
    assert (verdict.state, verdict.stuck) == ("waiting", stuck)


def test_the_spec_is_named_before_what_may_come_of_it() -> None:
    app = with_changes("settled", condition("ComparisonError", "code = Unavailable"))
    app["status"]["conditions"].append({"type": "InvalidSpecError", "message": "is not permitted in project"})
    assert judge_application(app, expected(), SINCE).state == "hopeless"


@pytest.mark.parametrize(
    ("changes", "state", "stuck", "detail"),
    [
        ({**failed(), **RETRYING}, "waiting", "retrying", "sync failed, will be retried: boom"),
        (failed(), "waiting", "retries used up", "sync failed, retries used up: boom"),
        ({**failed(), "status.operationState.phase": "Error"}, "waiting", "retries used up", "retries used up: boom"),
        (failed(revision=""), "waiting", "retries used up", "retries used up: boom"),
        ({**failed(revision=OLD), **RETRYING}, "waiting", "", "the sync of an older commit failed: boom"),
        ({**failed(revision=OLD), "status.sync.status": "OutOfSync"}, "waiting", "", "of an older commit failed"),
        ({**failed(), "operation": {"sync": {}}}, "waiting", "", "a sync is asked for"),
    ],
)
def test_a_failed_sync(changes: dict[str, Any], state: str, stuck: str, detail: str) -> None:
    verdict = judge_application(with_changes("settled", changes), expected(), SINCE)
    assert (verdict.state, verdict.stuck) == (state, stuck)
    assert detail in verdict.detail


@pytest.mark.parametrize("phase", [{}, RETRYING], ids=["failed", "retrying"])
@pytest.mark.parametrize(("began", "state"), [(None, "hopeless"), ("04:28:21", "hopeless"), ("04:28:22", "waiting")])
def test_a_sync_that_no_retry_mends(phase: dict[str, Any], began: str | None, state: str) -> None:
    """Of a failure from before the run, the cause may be gone: Argo CD does not try the same commit again."""
    invalid = failed('Deployment.apps "x" is invalid: spec.selector: Invalid value: field is immutable')
    verdict = judge_application(with_changes("settled", {**invalid, **phase}), expected(), at(began) if began else None)
    assert verdict.state == state


@pytest.mark.parametrize("sign", [{"hookPhase": "Failed"}, {"hookPhase": "Error"}, {"status": "SyncFailed"}])
def test_the_failed_resource_is_named_before_the_count_of_failures(sign: dict[str, str]) -> None:
    well = {"kind": "Service", "name": "s", "status": "Synced", "hookPhase": "Running", "message": "created"}
    resources = [well, {"kind": "Job", "name": "seed", "message": "has reached the backoff limit", **sign}]
    changes = {**failed("one or more tasks failed"), "status.operationState.syncResult.resources": resources}
    detail = judge_application(with_changes("settled", changes), expected(), SINCE).detail
    assert detail.endswith("Job seed: has reached the backoff limit")


def test_a_retry_reads_the_same_at_each_attempt() -> None:
    texts = {
        judge_application(
            with_changes("settled", {**failed(f"boom. Retrying attempt #{n} at 3:4{n}AM."), **RETRYING}),
            expected(),
            SINCE,
        ).detail
        for n in (1, 2)
    }
    assert texts == {"sync failed, will be retried: boom"}


@pytest.mark.parametrize(
    ("changes", "blocked"),
    [
        ({**failed(revision=OLD), **RETRYING}, True),
        ({**failed(revision=OLD), **RETRYING, "status.operationState.phase": "Terminating"}, False),
        ({**failed(revision=OLD)}, False),
        ({**failed(revision=HEAD), **RETRYING}, False),
        ({**failed(revision=OLD), **RETRYING, "status.operationState.operation.initiatedBy": {"username": "x"}}, False),
    ],
    ids=["retried", "being ended", "over", "of the expected commit", "a person's"],
)
def test_only_automatic_retries_of_an_older_commit_stand_in_the_way(changes: dict[str, Any], blocked: bool) -> None:
    assert judge_application(with_changes("settled", changes), expected(), SINCE).blocked == blocked
