"""`status`: one look told on one screen, and what of it could not be seen."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aiops.errors import ConfigError
from aiops.operations import status as operation
from aiops.operations.status import READS, status
from aiops.progress.results import Standing, Waited
from aiops.session import Session
from aiops.snapshot import Unread
from tests.checks.cases import healthy
from tests.progress.journals import recorded

See = Callable[..., None]


@pytest.fixture
def see(monkeypatch: pytest.MonkeyPatch) -> See:
    """What the look saw: the healthy platform, but for these reads."""

    def seen(reads: dict[str, Any] | None = None, unread: dict[str, Unread] | None = None) -> None:
        base, why = healthy().narrowed(READS), unread or {}
        kept = {name: value for name, value in {**base.reads, **(reads or {})}.items() if name not in why}
        monkeypatch.setattr(operation, "take_look", lambda *_, **__: replace(base, reads=kept, unread=why))

    return seen


def states(result: Standing) -> dict[str, str]:
    return {row.name: row.state for row in result.rows}


def test_the_platform_as_wait_judges_it(session: Session, see: See, tmp_path: Path) -> None:
    see()
    result = status(session, None, tmp_path)
    assert (result.exit_code, result.unread) == (0, ())
    assert result.summary == "27 applications: 23 settled, 4 manual"
    assert states(result)["kserve-demo"] == "manual"
    assert result.revision.startswith("main is at ")
    assert [(model.application, model.wanted) for model in result.models] == [("coder-fim", 0), ("vllm-qwen", 0)]


def test_what_is_not_well_is_named_and_doctor_says_why(session: Session, see: See, tmp_path: Path) -> None:
    applications = [body for body in healthy().items("applications") if body["metadata"]["name"] != "keda"]
    see({"applications": applications})
    result = status(session, None, tmp_path)
    assert (states(result)["keda"], result.hint, result.exit_code) == ("waiting", "aiops doctor", 0)


def test_a_model_that_is_up(session: Session, see: See, tmp_path: Path) -> None:
    deployments = [
        {**body, "spec": {**body["spec"], "replicas": 1}} if body["metadata"]["name"] == "vllm-qwen" else body
        for body in healthy().items("deployments")
    ]
    see({"deployments": deployments})
    model = next(each for each in status(session, None, tmp_path).models if each.application == "vllm-qwen")
    assert (model.wanted, model.ready, model.nodes) == (1, 0, ())


def test_what_could_not_be_read_is_named(session: Session, see: See, tmp_path: Path) -> None:
    see(unread={"nodes": Unread("nodes", "a long answer", refused="list nodes")})
    result = status(session, None, tmp_path)
    assert (result.exit_code, result.unread) == (5, ("this user may not list nodes",))
    assert result.rows


def test_without_applications_the_rest_is_told(session: Session, see: See, tmp_path: Path) -> None:
    see(unread={"applications": Unread("applications", "no answer")})
    result = status(session, None, tmp_path)
    assert (result.exit_code, result.rows, result.unread) == (5, (), ("no answer",))
    assert result.models


def test_an_empty_cluster(session: Session, see: See, tmp_path: Path) -> None:
    plan = {**healthy().reads["plan"], "layers": [], "sets": {}, "expected": []}
    see({"plan": plan})
    result = status(session, None, tmp_path)
    assert (result.summary, result.hint) == (
        "no layer of the platform is on the cluster",
        "aiops root --profile platform",
    )


def test_the_last_runs(session: Session, see: See, tmp_path: Path) -> None:
    see()
    for number in range(5):
        recorded(tmp_path, number, Waited(summary="stands", profile="full", rows=()))
    assert len(status(session, None, tmp_path).runs) == operation.RUNS


def test_without_a_config_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        status(Session({}, tmp_path, lambda _: None), None, tmp_path)
