"""Whether Argo CD's controllers still look: by what they have looked at, and by what waits for them."""

from typing import Any

import pytest

from aiops.judge.alive import controller_stalled, resync_s, set_controller_stalled
from aiops.snapshot import Json
from tests.judge.models import NOW, ago

APP, SET = "argocd.argoproj.io/refresh", "argocd.argoproj.io/application-set-refresh"
RESYNC_S = 180.0
"""Argo CD's own, with its jitter: twice that is the limit."""


def settings(**data: str) -> Json:
    return {"data": {f"timeout.{name.replace('_', '.')}": value for name, value in data.items()}}


def application(name: str = "a", looked_s: float | None = 60, **changes: Any) -> Json:
    status = {} if looked_s is None else {"reconciledAt": ago(looked_s)}
    return {"metadata": {"name": name}, "status": status, **changes}


def asking(name: str, asked_s: float | None, annotation: str = APP) -> Json:
    """One that somebody has asked to be looked at; None: nobody remembers when."""
    fields: Json = {"f:metadata": {"f:annotations": {f"f:{annotation}": {}}}}
    managed = [] if asked_s is None else [{"manager": "aiops", "time": ago(asked_s), "fieldsV1": fields}]
    meta = {"name": name, "annotations": {annotation: "normal"}, "managedFields": managed}
    return application(name, metadata=meta)


def syncing(name: str, asked_s: float, **changes: Any) -> Json:
    managed = [{"manager": "argocd-server", "time": ago(asked_s), "fieldsV1": {"f:operation": {"f:sync": {}}}}]
    return application(name, metadata={"name": name, "managedFields": managed}, operation={"sync": {}}, **changes)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (None, 180),
        ({}, 180),
        ({"data": None}, 180),
        (settings(), 180),
        (settings(reconciliation="60s"), 120),
        (settings(reconciliation="3m0s"), 240),
        (settings(reconciliation="1h30m"), 5460),
        (settings(reconciliation="1.5h"), 5460),
        (settings(reconciliation="500ms"), 60.5),
        (settings(reconciliation="60s", reconciliation_jitter="0"), 60),
        (settings(reconciliation="60s", reconciliation_jitter="5s"), 65),
        (settings(reconciliation="0"), 0),
        (settings(reconciliation="0s"), 0),
        (settings(reconciliation="0s", reconciliation_jitter="1h"), 0),
        (settings(reconciliation=""), 180),
        (settings(reconciliation="often"), 180),
    ],
)
def test_how_often_it_looks(given: Json | None, seconds: float) -> None:
    assert resync_s(given) == seconds


def test_one_that_looks_is_alive() -> None:
    assert controller_stalled([application()], RESYNC_S, NOW) is None
    assert controller_stalled([], RESYNC_S, NOW) is None


@pytest.mark.parametrize(("looked_s", "dead"), [(359, False), (360, False), (361, True), (7200, True)])
def test_twice_the_resync_is_its_limit(looked_s: float, dead: bool) -> None:
    found = controller_stalled([application(looked_s=looked_s)], RESYNC_S, NOW)
    assert (found is not None) is dead


def test_the_newest_look_counts() -> None:
    """One application that it cannot look at is that application's trouble."""
    assert controller_stalled([application("a", 9000), application("b", 10)], RESYNC_S, NOW) is None


def test_what_a_stalled_one_says() -> None:
    found = controller_stalled([application(looked_s=7200)], RESYNC_S, NOW)
    assert found is not None
    assert found.status == "fail"
    assert found.symptom == "it has looked at no Application for 2.0 h"
    assert "argocd-application-controller" in found.cause
    assert found.evidence[0].at == ago(7200)


def test_applications_that_nobody_has_looked_at_yet_are_no_proof() -> None:
    assert controller_stalled([application(looked_s=None)], RESYNC_S, NOW) is None


def test_a_resync_that_is_switched_off_leaves_old_looks_as_they_are() -> None:
    assert controller_stalled([application(looked_s=86400)], 0, NOW) is None


@pytest.mark.parametrize("resync", [RESYNC_S, 0])
@pytest.mark.parametrize(("asked_s", "dead"), [(5, False), (359, False), (361, True)])
def test_a_refresh_that_waits(asked_s: float, dead: bool, resync: float) -> None:
    """It is answered at once, however often it looks by itself."""
    found = controller_stalled([asking("a", asked_s)], resync, NOW)
    assert (found is not None) is dead
    if found is not None:
        assert found.symptom == "a has asked to be looked at for 6 min"
        assert found.evidence[1].at == ago(asked_s)


def test_a_refresh_of_which_nobody_knows_when_is_no_proof() -> None:
    assert controller_stalled([asking("a", None)], RESYNC_S, NOW) is None


def test_a_refresh_that_was_answered_is_none() -> None:
    body = asking("a", 7200)
    del body["metadata"]["annotations"]
    assert controller_stalled([body], RESYNC_S, NOW) is None


@pytest.mark.parametrize(("asked_s", "dead"), [(5, False), (361, True)])
def test_a_sync_that_waits(asked_s: float, dead: bool) -> None:
    found = controller_stalled([syncing("a", asked_s)], RESYNC_S, NOW)
    assert (found is not None) is dead
    assert found is None or found.symptom == "a has asked to be synced for 6 min"


def test_a_sync_that_runs_waits_for_nobody() -> None:
    running = syncing("a", 7200, status={"reconciledAt": ago(60), "operationState": {"phase": "Running"}})
    assert controller_stalled([running], RESYNC_S, NOW) is None


def test_one_that_is_told_not_to_look_says_nothing() -> None:
    body = syncing("a", 7200)
    body["metadata"]["annotations"] = {"argocd.argoproj.io/skip-reconcile": "true"}
    assert controller_stalled([body], RESYNC_S, NOW) is None
    assert controller_stalled([{**application(looked_s=7200), "metadata": body["metadata"]}], RESYNC_S, NOW) is None


def test_what_has_waited_longest_comes_first_and_not_all_of_it() -> None:
    bodies = [asking(f"a{number}", 1000 + number) for number in range(9)]
    found = controller_stalled(bodies, RESYNC_S, NOW)
    assert found is not None
    assert found.symptom.startswith("a8 ")
    assert len(found.evidence) == 4


@pytest.mark.parametrize(("asked_s", "dead"), [(5, False), (359, False), (361, True)])
def test_a_set_that_waits(asked_s: float, dead: bool) -> None:
    found = set_controller_stalled([asking("layer", asked_s, SET)], NOW)
    assert (found is not None) is dead
    if found is not None:
        assert found.symptom == "layer has asked to be looked at for 6 min"
        assert "argocd-applicationset-controller" in found.cause


def test_sets_that_wait_for_nothing() -> None:
    assert set_controller_stalled([], NOW) is None
    assert set_controller_stalled([{"metadata": {"name": "layer"}}], NOW) is None
    assert set_controller_stalled([asking("layer", 7200, APP)], NOW) is None
