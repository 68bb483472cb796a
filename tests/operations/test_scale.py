"""The one patch that sets replicas and says who did it; and the scaling down that does not give up."""

import getpass
import platform
from collections.abc import Callable

import pytest

from aiops.clients.kube import DEPLOYMENTS, Kube
from aiops.errors import AiopsError, Conflict, Forbidden, LoginFailed, Refused, Unreachable
from aiops.judge.raised import RAISED, Raised, raised_of
from aiops.operations import scale
from aiops.operations.scale import lower, mark, set_replicas
from aiops.session import Session
from tests.operations.api import Api, Refusal, Unanswered
from tests.operations.cluster import LIVE, MODEL, SERVING, Cluster, raised
from tests.operations.conftest import RUN

OURS = Raised(run=RUN, command="vllm-up", user="me@here", at="2026-01-31T12:00:00Z")
Json = dict[str, object]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "PAUSE_S", 0.0)


def up(kube: Kube, replicas: int = 1, note: Raised | None = OURS) -> Json:
    return set_replicas(kube, kube.get(DEPLOYMENTS, MODEL, SERVING), replicas, note)


def on_patch(api: Api, *acts: Callable[[], None]) -> None:
    """Before each patch in turn something happens."""
    left = list(acts)

    def before(method: str, path: str) -> None:
        if method == "PATCH" and left:
            left.pop(0)()

    api.before = before


def fails(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def test_one_patch_sets_both(kube: Kube, api: Api, cluster: Cluster) -> None:
    cluster.deploy()
    version = api.objects[LIVE]["metadata"]["resourceVersion"]
    assert raised_of(up(kube)) == OURS
    assert [(path, patch) for path, _, patch in api.patches] == [
        (LIVE, {"metadata": {"resourceVersion": version, "annotations": {RAISED: OURS.annotation()}},
                "spec": {"replicas": 1}})
    ]  # fmt: skip
    up(kube, 0, None)
    assert (cluster.replicas(), cluster.note()) == (0, None)


def test_a_status_that_moved_is_no_reason_to_stop(kube: Kube, api: Api, cluster: Cluster) -> None:
    cluster.deploy(other="note")

    def moved() -> None:
        body = api.objects[LIVE]
        meta = {**body["metadata"], "annotations": {**body["metadata"]["annotations"], "other": "changed"}}
        api.put(LIVE.rpartition("/")[0], {**body, "metadata": meta, "status": {"replicas": 7}})

    on_patch(api, moved, moved)
    up(kube)
    assert (cluster.replicas(), cluster.note()) == (1, OURS.annotation())
    assert len(api.patches) == 3


@pytest.mark.parametrize("note", [None, raised("bring-up")])
def test_somebody_was_faster(kube: Kube, api: Api, cluster: Cluster, note: str | None) -> None:
    cluster.deploy()
    on_patch(api, lambda: cluster.somebody(2, note=note))
    who = r" by bring-up of eve@laptop at .*" if note else ""
    with pytest.raises(Refused, match=f"Deployment serving/{MODEL} was scaled to 2 meanwhile{who}$") as told:
        up(kube)
    assert "run it again" in told.value.hint
    assert (cluster.replicas(), cluster.note()) == (2, note)


def test_a_word_alone_is_respected_too(kube: Kube, api: Api, cluster: Cluster) -> None:
    """Another run took over a model that was up; its replicas did not change."""
    cluster.deploy(replicas=1, aiops=raised("bring-up"))
    on_patch(api, lambda: cluster.somebody(1, note=raised("bring-up", run="another")))
    with pytest.raises(Refused, match=r"scaled to 1 meanwhile by bring-up of eve@laptop .*run another"):
        up(kube)


def test_a_conflict_about_something_else_is_told(kube: Kube, api: Api, cluster: Cluster) -> None:
    cluster.deploy()
    api.refused["PATCH", LIVE] = Refusal(409, "the quota has been modified")
    with pytest.raises(Conflict, match="the quota has been modified"):
        up(kube)
    assert api.seen.count(("PATCH", LIVE)) == 1


def test_lowered_whoever_raised_it(kube: Kube, cluster: Cluster) -> None:
    cluster.deploy(replicas=2, aiops=raised())
    assert lower(kube, SERVING, MODEL, None) == "lowered"
    assert (cluster.replicas(), cluster.note()) == (0, None)


def test_lowered_because_this_run_raised_it(kube: Kube, cluster: Cluster) -> None:
    cluster.deploy()
    up(kube)
    assert lower(kube, SERVING, MODEL, RUN) == "lowered"
    assert (cluster.replicas(), cluster.note()) == (0, None)


@pytest.mark.parametrize(
    ("replicas", "note", "outcome"), [(1, raised(), "not ours"), (1, None, "not ours"), (0, None, "down")]
)
def test_not_lowered_because_this_run_did_not_raise_it(
    kube: Kube, api: Api, cluster: Cluster, replicas: int, note: str | None, outcome: str
) -> None:
    cluster.deploy(replicas=replicas, **({"aiops": note} if note else {}))
    assert lower(kube, SERVING, MODEL, RUN) == outcome
    assert api.patches == []


def test_what_somebody_scaled_by_hand_since_is_theirs(kube: Kube, cluster: Cluster) -> None:
    """The annotation outlives it; that of an autoscaler is nobody's hand."""
    cluster.deploy(replicas=1, aiops=OURS.annotation())
    cluster.somebody(2)
    assert (lower(kube, SERVING, MODEL, RUN), cluster.replicas()) == ("not ours", 2)
    cluster.somebody(2, manager="keda-operator")
    assert (lower(kube, SERVING, MODEL, RUN), cluster.replicas()) == ("lowered", 0)


def test_what_is_gone_is_down(kube: Kube, api: Api, cluster: Cluster) -> None:
    assert lower(kube, SERVING, MODEL, None) == "down"
    cluster.deploy(replicas=1)
    on_patch(api, lambda: api.remove(LIVE))
    assert lower(kube, SERVING, MODEL, None) == "down"


@pytest.mark.parametrize(
    "failure", [Unanswered(), Refusal(500, "etcd"), Refusal(503, "later"), Refusal(409, "quota"), Refusal(422, "odd")]
)
def test_what_may_pass_is_tried_again(kube: Kube, api: Api, cluster: Cluster, failure: Exception) -> None:
    cluster.deploy(replicas=1)
    on_patch(api, *[fails(failure)] * 3)
    assert lower(kube, SERVING, MODEL, None) == "lowered"
    assert cluster.replicas() == 0


def test_what_was_lowered_without_an_answer_is_down(kube: Kube, api: Api, cluster: Cluster) -> None:
    cluster.deploy(replicas=1, aiops=OURS.annotation())

    def unanswered(path: str) -> None:
        cluster.react(path)
        raise Unanswered

    api.after = unanswered
    assert lower(kube, SERVING, MODEL, RUN) == "down"
    assert len(api.patches) == 1


def test_somebody_raises_it_while_it_is_lowered(kube: Kube, api: Api, cluster: Cluster) -> None:
    """Who wants it down whoever raised it gets it down; a run gets back its own alone."""
    cluster.deploy(replicas=1, aiops=OURS.annotation())
    on_patch(api, lambda: cluster.somebody(2))
    assert lower(kube, SERVING, MODEL, None) == "lowered"
    cluster.deploy(replicas=1, aiops=OURS.annotation())
    on_patch(api, lambda: cluster.somebody(2, note=raised()))
    assert lower(kube, SERVING, MODEL, RUN) == "not ours"
    assert (cluster.replicas(), cluster.note()) == (2, raised())


@pytest.mark.parametrize(("status", "kind"), [(403, Forbidden), (401, LoginFailed)])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_what_no_second_try_changes(
    kube: Kube, api: Api, cluster: Cluster, method: str, status: int, kind: type[AiopsError]
) -> None:
    cluster.deploy(replicas=1)
    api.refused[method, LIVE] = Refusal(status, "no")
    with pytest.raises(kind):
        lower(kube, SERVING, MODEL, None)
    assert api.seen.count((method, LIVE)) == 1


def test_at_last_it_gives_up_and_says_why(
    kube: Kube, api: Api, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.deploy(replicas=1)
    monkeypatch.setattr(scale, "SURELY_S", -1.0)
    api.refused["PATCH", LIVE] = Refusal(503, "the last word")
    with pytest.raises(Unreachable, match="the last word"):
        lower(kube, SERVING, MODEL, None)
    assert api.seen.count(("PATCH", LIVE)) == 1


def test_a_mark_says_who(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "node", lambda: "laptop")
    monkeypatch.setattr(getpass, "getuser", lambda: "eve")
    found = mark(session, "vllm-up")
    assert (found.run, found.command, found.user) == (RUN, "vllm-up", "eve@laptop")
    assert found.at.endswith("Z")
    assert len(found.at) == len("2026-01-31T12:00:00Z")


@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found: 1234"), OSError("No username set")])
def test_a_user_without_a_name(session: Session, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """As in a container; of Python before 3.13, and since."""
    monkeypatch.setattr(getpass, "getuser", fails(error))
    assert mark(session, "vllm-up").user.startswith("somebody@")
