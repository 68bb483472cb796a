"""`sync` as a whole: what it writes, side by side, and what ends it."""

from pathlib import Path

import pytest

from aiops.errors import Forbidden, Refused, TargetError, WrongUse
from aiops.operations import syncing
from aiops.operations.sync import sync
from aiops.progress.events import Event, Looked, Synced
from aiops.session import Session
from tests.operations.api import APPLICATIONS, Api, Json, Refusal
from tests.operations.argo import Argo
from tests.scenarios.repository import Repository

MODEL, OTHER = "vllm-qwen", "echo"
DEPLOYMENT = "/apis/apps/v1/namespaces/serving/deployments"
NOW_S, LONG_S = 0.0, 60.0


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """The sample tree as a git repository."""
    return Repository(tmp_path, "here")


@pytest.fixture
def work(repository: Repository) -> Path:
    return repository.work


@pytest.fixture
def argo(api: Api, session: Session, repository: Repository) -> Argo:
    return Argo(api, session, repository.head())


def outcomes(result: Synced) -> dict[str, str]:
    return {each.name: each.outcome for each in result.applications}


def test_it_looks_then_syncs(session: Session, argo: Argo) -> None:
    argo.has([MODEL])
    result = sync(session, [MODEL], limit_s=LONG_S, gpu=False)
    assert (result.exit_code, result.summary, outcomes(result)) == (0, "1 synced", {MODEL: "synced"})
    assert argo.log == [f"looked at {MODEL}", f"synced {MODEL}"]


def test_what_is_synced_is_not_synced_again(session: Session, argo: Argo) -> None:
    argo.has([MODEL, OTHER], "Synced")
    result = sync(session, [MODEL, OTHER, MODEL], limit_s=LONG_S, gpu=False)
    assert (result.exit_code, result.summary) == (0, "2 unchanged")
    assert sorted(argo.log) == [f"looked at {OTHER}", f"looked at {MODEL}"]


def test_several_go_side_by_side_and_one_that_fails_stops_no_other(session: Session, argo: Argo, api: Api) -> None:
    argo.has([MODEL, OTHER])
    api.refused["PATCH", f"{APPLICATIONS}/{OTHER}"] = Refusal(422, "not so")
    result = sync(session, [OTHER, MODEL], limit_s=LONG_S, gpu=False)
    assert (result.exit_code, outcomes(result)) == (3, {OTHER: "failed", MODEL: "synced"})
    assert "not so" in result.applications[0].message


def test_what_it_may_not_do_ends_it(session: Session, argo: Argo, api: Api) -> None:
    argo.has([MODEL, OTHER])
    api.refused["PATCH", f"{APPLICATIONS}/{OTHER}"] = Refusal(403, "no")
    with pytest.raises(Forbidden, match=rf"cannot patch applications\S+ {OTHER}"):
        sync(session, [OTHER, MODEL], limit_s=LONG_S, gpu=False)


def test_a_hopeless_sync_is_not_waited_out(session: Session, argo: Argo) -> None:
    argo.has([MODEL])
    argo.phase, argo.message = "Running", 'Deployment "x" is invalid: spec'
    result = sync(session, [MODEL], limit_s=LONG_S, gpu=False)
    assert (result.exit_code, outcomes(result)) == (3, {MODEL: "failed"})
    assert "Argo CD goes on retrying it" in result.applications[0].message


def test_a_deadline_names_what_was_seen_last(session: Session, argo: Argo, told: list[Event]) -> None:
    argo.has([MODEL])
    argo.phase, argo.message = "Running", "boom"
    result = sync(session, [MODEL], limit_s=NOW_S, gpu=False)
    assert (result.exit_code, result.applications) == (4, ())
    assert f"not through: {MODEL}: " in result.summary
    assert [each.rows[0].state for each in told if isinstance(each, Looked)][-1] == "waiting"


def test_a_push_in_the_meantime_is_not_synced_unchecked(
    session: Session, argo: Argo, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Argo CD sees a commit that nobody has checked."""
    monkeypatch.setattr(syncing, "ASK_EVERY_S", 0.0)
    argo.has([MODEL])
    looks = argo.control

    def push_then_look(body: Json) -> None:
        if not argo.log:
            repository.write("README", "new")
            argo.commit = repository.push()
        looks(body)

    argo.api.controller = push_then_look
    result = sync(session, [MODEL], limit_s=LONG_S, gpu=False)
    assert (result.exit_code, outcomes(result)) == (3, {MODEL: "failed"})
    assert f"to {argo.commit[:8]} meanwhile: run it again" in result.applications[0].message
    assert f"synced {MODEL}" not in argo.log


def test_a_model_that_was_started_in_the_meantime_is_not_reset(session: Session, argo: Argo, api: Api) -> None:
    argo.has([MODEL])
    argo.api.objects[f"{APPLICATIONS}/{MODEL}"]["spec"].pop("syncPolicy")
    looks = argo.control

    def scale_then_look(body: Json) -> None:
        api.put(DEPLOYMENT, {"metadata": {"name": MODEL}, "spec": {"replicas": 1}})
        looks(body)

    api.controller = scale_then_look
    result = sync(session, [MODEL], limit_s=LONG_S, gpu=False)
    assert (result.exit_code, outcomes(result)) == (3, {MODEL: "failed"})
    assert f"would set the running Deployment serving/{MODEL} from 1 to 0" in result.applications[0].message
    assert argo.log == [f"looked at {MODEL}"]


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("vllm-qwem", WrongUse, "did you mean `vllm-qwen`"),
        (MODEL, Refused, f"{MODEL} is not on the cluster: layer serving is not applied"),
    ],
)
def test_nothing_is_written_for_what_is_not_there(
    session: Session, argo: Argo, api: Api, name: str, error: type[Exception], words: str
) -> None:
    argo.has([OTHER])
    with pytest.raises(error, match=words):
        sync(session, [OTHER, name], limit_s=LONG_S, gpu=False)
    assert api.patches == []


@pytest.fixture
def by_argocd(session: Session, argo: Argo, api: Api) -> str:
    """The model, to be synced through Argo CD's own API; the path of its object there."""
    argo.has([MODEL])
    session.environ |= {"ARGOCD_SERVER": api.url.removeprefix("http://"), "ARGOCD_OPTS": "--plaintext"}
    session.environ["ARGOCD_AUTH_TOKEN"] = "t"
    path = f"/api/v1/applications/{MODEL}"
    api.objects[path] = {"metadata": {"name": MODEL, "uid": MODEL}}
    return path


@pytest.mark.parametrize(("written", "sent"), [("platform", "platform"), ("", "default")])
def test_the_other_road(session: Session, argo: Argo, api: Api, by_argocd: str, written: str, sent: str) -> None:
    app = api.objects[f"{APPLICATIONS}/{MODEL}"]
    app["spec"]["project"] = written
    result = sync(session, [MODEL], limit_s=LONG_S, gpu=False)
    assert (result.exit_code, result.summary) == (0, "1 synced")
    assert result.road.startswith("Argo CD's API at 127.0.0.1:")
    assert [each for each in api.seen if by_argocd in each[1]] == [("GET", by_argocd), ("POST", f"{by_argocd}/sync")]
    assert all("operation" not in patch for _, _, patch in api.patches)
    operation = api.objects[f"{APPLICATIONS}/{MODEL}"]["status"]["operationState"]["operation"]
    assert operation["project"] == sent


def test_another_argo_cd_is_not_written_to(session: Session, argo: Argo, api: Api, by_argocd: str) -> None:
    api.objects[by_argocd]["metadata"]["uid"] = "somebody-elses"
    with pytest.raises(TargetError, match="its application vllm-qwen is another object"):
        sync(session, [MODEL], limit_s=LONG_S, gpu=False)
    assert argo.log == [f"looked at {MODEL}"]
