"""A model on: what is refused, what is scaled back, what is left to whom, and what is written after an interrupt."""

from collections.abc import Callable
from typing import Any

import pytest

from aiops.errors import Forbidden, NotFound, Refused, Unreachable
from aiops.judge.raised import raised_of
from aiops.operations import closer, raising, scale
from aiops.operations.models import live_model
from aiops.operations.vllm_up import BRING_UP, VLLM_UP, bring_model_up, default_limit_s, vllm_up
from aiops.progress.events import Event, Looked, Said
from aiops.progress.results import ModelUp
from aiops.session import Session
from tests.operations.api import Api, Refusal, Unanswered
from tests.operations.cluster import KEY, LIVE, MODEL, PODS, SECRETS, SERVED, Cluster, raised
from tests.operations.conftest import RUN
from tests.serving.server import Server

LONG_S, AT_ONCE_S = 60.0, 0.2
DEPLOYMENT = f"Deployment serving/{MODEL}"
KILLED = raised("bring-up")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "PAUSE_S", 0.0)
    monkeypatch.setattr(scale, "SURELY_S", 0.1)
    monkeypatch.setattr(closer, "SERVED_EVERY_S", 0.1)


@pytest.fixture(autouse=True)
def deployed(cluster: Cluster, server: Server) -> None:
    """The model is at 0; once it is up, a server is behind its pod."""
    cluster.deploy()


def up(session: Session, *, keep: bool = False, limit_s: float | None = LONG_S) -> ModelUp:
    return vllm_up(session, None, keep=keep, anyway=False, limit_s=limit_s)


def said(told: list[Event]) -> str:
    return "\n".join(each.text for each in told if isinstance(each, Said))


def on_look(session: Session, act: Callable[[], object]) -> None:
    """At the first look that sees the model, something happens."""
    report, left = session.report, [act]

    def reported(event: Event) -> None:
        report(event)
        if isinstance(event, Looked) and event.rows and left:
            left.pop()()

    session.report = reported


def raising_error(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def test_from_0_until_its_own_server_lists_it(
    session: Session, api: Api, cluster: Cluster, server: Server, told: list[Event]
) -> None:
    result = up(session)
    assert (result.exit_code, result.raised, result.lowered) == (0, True, False)
    assert result.summary.startswith(f"{MODEL} serves {SERVED} after ")
    assert [row.state for row in result.rows] == ["settled"] * 7
    assert (seen := server.seen[-1]).path == "/v1/models"
    assert seen.key == KEY
    assert [patch["spec"] for _, _, patch in api.patches] == [{"replicas": 1}]
    mark = raised_of(api.objects[LIVE])
    assert mark is not None
    assert (mark.run, mark.command) == (RUN, "vllm-up")
    assert f"{DEPLOYMENT}: scaled from 0 to 1; an hour costs" in said(told)
    paid = session.paying[DEPLOYMENT]
    assert (paid.node, paid.gpu, paid.per_hour, paid.stop) == (
        f"gpu-{MODEL}", "nvidia-l4", 0.85, f"aiops vllm-down {MODEL}",
    )  # fmt: skip
    assert KEY not in repr(told) + repr(result)


def test_a_refusal_writes_nothing(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.deploy("coder-fim", replicas=1)
    with pytest.raises(Refused, match="no GPU is free"):
        up(session)
    assert (api.patches, session.paying) == ([], {})


def test_anyway_asks_for_one_more(session: Session, cluster: Cluster) -> None:
    cluster.deploy("coder-fim", replicas=1)
    assert vllm_up(session, None, keep=False, anyway=True, limit_s=LONG_S).exit_code == 0


def test_the_wrong_cluster_is_refused_first(session: Session, api: Api, work: Any) -> None:
    config = work / "config.yaml"
    config.write_text(config.read_text().replace("  context: here\n", ""))
    with pytest.raises(Exception, match="nothing tells that it is the cluster you mean"):
        up(session)
    assert api.patches == []


OTHER = "what answers on port 8000 is no server of a model"


@pytest.mark.parametrize("keep", [False, True])
def test_what_fails_is_scaled_back_unless_it_is_to_be_kept(
    session: Session, cluster: Cluster, server: Server, keep: bool
) -> None:
    server.fault = "404"
    result = up(session, keep=keep)
    assert result.exit_code == 3
    assert OTHER in result.summary
    assert (result.raised, result.lowered) == (True, not keep)
    if keep:
        assert result.summary.endswith("; left up, as --keep asks")
        assert cluster.replicas() == 1
        assert session.paying[DEPLOYMENT].stop == f"aiops vllm-down {MODEL}"
    else:
        assert result.summary.endswith("; scaled back to 0")
        assert (cluster.replicas(), cluster.note()) == (0, None)
        assert [(paid.what, paid.node, paid.stop) for paid in session.paying.values()] == [("", f"gpu-{MODEL}", "")]


@pytest.mark.parametrize("keep", [False, True])
def test_at_the_deadline_it_is_scaled_back(session: Session, cluster: Cluster, keep: bool) -> None:
    cluster.ready = False
    result = up(session, keep=keep, limit_s=AT_ONCE_S)
    assert result.exit_code == 4
    assert result.summary.startswith(f"{MODEL}: after 0 s still in phase ")
    assert result.summary.endswith("left up, as --keep asks" if keep else "scaled back to 0")
    assert "a longer --timeout" in result.hint
    assert cluster.replicas() == int(keep)


def test_what_was_never_seen_is_scaled_back_too(session: Session, api: Api, cluster: Cluster) -> None:
    found = live_model(session, MODEL)

    def after(path: str) -> None:
        cluster.react(path)
        api.refused["GET", PODS] = Refusal(503, "not now")

    api.after = after
    result = bring_model_up(session, found, VLLM_UP, limit_s=AT_ONCE_S)
    assert result.exit_code == 4
    assert result.summary.endswith("scaled back to 0")
    assert cluster.replicas() == 0


class Bug(Exception):
    pass


@pytest.mark.parametrize("error", [Forbidden("no"), Bug("oh")])
@pytest.mark.parametrize("keep", [False, True])
def test_an_error_in_the_middle_scales_back(
    session: Session, cluster: Cluster, told: list[Event], monkeypatch: pytest.MonkeyPatch, error: Exception, keep: bool
) -> None:
    monkeypatch.setattr(raising, "stand_of", lambda *_, **__: raising_error(error)())
    with pytest.raises(type(error)) as raised_error:
        up(session, keep=keep)
    assert raised_error.value is error
    assert cluster.replicas() == int(keep)
    assert (f"{DEPLOYMENT}: scaled back to 0" in said(told)) is not keep
    assert (DEPLOYMENT in session.paying) is keep


def test_a_watch_that_is_forbidden_scales_back(session: Session, api: Api, cluster: Cluster) -> None:
    api.refused["WATCH", PODS] = Refusal(403, "no")
    with pytest.raises(Forbidden):
        up(session)
    assert cluster.replicas() == 0


def test_a_secret_that_is_forbidden_meanwhile_ends_it(session: Session, api: Api, cluster: Cluster) -> None:
    def after(path: str) -> None:
        cluster.react(path)
        api.refused["GET", f"{SECRETS}/vllm-api-key"] = Refusal(403, "no")

    api.after = after
    with pytest.raises(Forbidden) as told:
        up(session)
    assert told.value.exit_code == 5
    assert cluster.replicas() == 0


def test_the_first_error_is_told_and_the_failed_way_back_beside_it(
    session: Session, api: Api, cluster: Cluster, server: Server, told: list[Event]
) -> None:
    server.fault = "404"
    on_look(session, lambda: api.refused.update({("PATCH", LIVE): Refusal(403, "no more")}))
    result = up(session)
    assert (result.exit_code, result.raised, result.lowered) == (3, True, False)
    assert OTHER in result.summary
    assert "; it could NOT be scaled back and may cost money: " in result.summary
    assert (cluster.replicas(), DEPLOYMENT in session.paying) == (1, True)


def test_the_same_beside_an_error(
    session: Session, api: Api, cluster: Cluster, told: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raising, "stand_of", lambda *_, **__: raising_error(Bug("oh"))())
    api.after = lambda path: api.refused.update({("PATCH", LIVE): Refusal(503, "down")})
    with pytest.raises(Bug):
        up(session)
    assert f"{DEPLOYMENT}: it could NOT be scaled back and may cost money: " in said(told)
    assert (cluster.replicas(), DEPLOYMENT in session.paying) == (1, True)


def test_what_another_run_took_over_is_left(session: Session, cluster: Cluster, told: list[Event]) -> None:
    cluster.ready = False
    on_look(session, lambda: cluster.somebody(1, note=raised("bring-up", run="another")))
    result = up(session, limit_s=AT_ONCE_S)
    assert (result.raised, result.lowered) == (True, False)
    assert result.summary.endswith("; somebody else took it over, and it was left as it is")
    assert cluster.replicas() == 1
    assert session.paying[DEPLOYMENT].stop, "it costs money all the same"


def test_scaled_to_0_meanwhile(session: Session, api: Api, cluster: Cluster) -> None:
    """By `vllm-down` in another terminal."""

    def down() -> None:
        cluster.somebody(0, manager="aiops-elsewhere")
        del api.objects[LIVE]["metadata"]["annotations"]["aiops.dev/raised-by"]

    cluster.ready = False
    on_look(session, down)
    result = up(session)
    assert result.exit_code == 3
    words = f"{MODEL}: {DEPLOYMENT} was scaled back to 0 meanwhile, by aiops-elsewhere; it is at 0"
    assert result.summary == words
    assert len(api.patches) == 1
    assert DEPLOYMENT not in session.paying


def test_deleted_meanwhile(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.ready = False
    on_look(session, lambda: api.remove(LIVE))
    result = up(session)
    assert (result.exit_code, result.summary) == (3, f"{MODEL}: {DEPLOYMENT} was deleted meanwhile; it is at 0")


def test_after_an_interrupt_nothing_is_written(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.ready = False
    on_look(session, raising_error(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        up(session)
    assert len(api.patches) == 1
    assert cluster.replicas() == 1
    paid = session.paying[DEPLOYMENT]
    assert (paid.node, paid.stop) == (f"gpu-{MODEL}", f"aiops vllm-down {MODEL}")


def test_an_interrupt_in_the_write_itself_is_paid_for(
    session: Session, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiops.operations.vllm_up.set_replicas", lambda *_: raising_error(KeyboardInterrupt())())
    with pytest.raises(KeyboardInterrupt):
        up(session)
    assert (session.paying[DEPLOYMENT].node, cluster.replicas()) == ("", 0)


@pytest.mark.parametrize("arrives", [True, False])
def test_a_write_without_an_answer_is_given_back(session: Session, api: Api, cluster: Cluster, arrives: bool) -> None:
    """Nobody knows whether it was done: it is undone where it was."""
    left = [Unanswered()]

    def lost(*about: str) -> None:
        if about[0] in ("PATCH", LIVE) and left:
            raise left.pop()

    if arrives:
        api.after = lost
    else:
        api.before = lost
    with pytest.raises(Unreachable):
        up(session)
    assert (cluster.replicas(), cluster.note()) == (0, None)
    assert [patch["spec"]["replicas"] for _, _, patch in api.patches] == ([1, 0] if arrives else [])
    assert session.paying == {}


def test_a_write_without_an_answer_is_paid_for_where_it_is_to_be_kept(session: Session, api: Api) -> None:
    api.after = lambda path: raising_error(Unanswered())()
    with pytest.raises(Unreachable):
        up(session, keep=True)
    assert session.paying[DEPLOYMENT].stop == f"aiops vllm-down {MODEL}"


def test_somebody_is_faster(session: Session, api: Api, cluster: Cluster, told: list[Event]) -> None:
    left = [None]

    def before(method: str, path: str) -> None:
        if method == "PATCH" and left:
            left.pop()
            cluster.somebody(2)

    api.before = before
    with pytest.raises(Refused, match="was scaled to 2 meanwhile"):
        up(session)
    assert cluster.replicas() == 2
    assert DEPLOYMENT in session.paying


@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize("note", [None, raised("vllm-up")])
def test_what_is_up_already_is_waited_for_and_left(
    session: Session, api: Api, cluster: Cluster, told: list[Event], replicas: int, note: str | None
) -> None:
    cluster.deploy(replicas=replicas, **({"aiops": note} if note else {}))
    result = up(session)
    assert (result.exit_code, result.raised) == (0, False)
    assert api.patches == []
    who = r"vllm-up of eve@laptop" if note else "somebody, not by aiops"
    assert f"is up already ({replicas} replica{'s' if replicas > 1 else ''}), raised by {who}" in said(told)
    assert session.paying[DEPLOYMENT].node == f"gpu-{MODEL}"


@pytest.mark.parametrize("limit_s", [AT_ONCE_S, LONG_S])
def test_what_somebody_else_raised_is_never_lowered(
    session: Session, api: Api, cluster: Cluster, server: Server, limit_s: float
) -> None:
    server.fault = "404" if limit_s == LONG_S else "503"
    cluster.deploy(replicas=1, aiops=raised())
    result = up(session, limit_s=limit_s)
    assert (result.exit_code, result.raised, result.lowered) == (3 if limit_s == LONG_S else 4, False, False)
    assert "scaled back" not in result.summary
    assert (cluster.replicas(), api.patches) == (1, [])
    assert DEPLOYMENT in session.paying


def test_nor_on_an_error(
    session: Session, api: Api, cluster: Cluster, told: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.deploy(replicas=1, aiops=raised())
    monkeypatch.setattr(raising, "stand_of", lambda *_, **__: raising_error(Bug("oh"))())
    with pytest.raises(Bug):
        up(session)
    assert (cluster.replicas(), api.patches) == (1, [])
    assert "took it over" not in said(told)


@pytest.mark.parametrize("command", [VLLM_UP, BRING_UP])
def test_what_a_killed_bring_up_left_is_taken_over(
    session: Session, api: Api, cluster: Cluster, told: list[Event], command: str
) -> None:
    """It keeps its replicas, and the time at which it was raised: its node came then."""
    cluster.deploy(replicas=2, aiops=KILLED)
    result = bring_model_up(session, live_model(session, MODEL), command, limit_s=LONG_S)
    assert (result.exit_code, result.raised, cluster.replicas()) == (0, True, 2)
    before, mark = (
        raised_of({"metadata": {"annotations": {"aiops.dev/raised-by": KILLED}}}),
        raised_of(api.objects[LIVE]),
    )
    assert mark is not None
    assert before is not None
    assert (mark.run, mark.command, mark.at) == (RUN, command, before.at)
    assert ("lowers it at its end" in said(told)) is (command == BRING_UP)


def test_what_somebody_scaled_by_hand_since_is_not_taken_over(
    session: Session, api: Api, cluster: Cluster, told: list[Event]
) -> None:
    cluster.deploy(replicas=1, aiops=KILLED)
    cluster.somebody(2)
    result = up(session)
    assert (result.exit_code, result.raised, cluster.replicas(), api.patches) == (0, False, 2, [])
    assert "left to them" in said(told)


def test_what_was_taken_over_is_scaled_back_too(session: Session, cluster: Cluster, server: Server) -> None:
    cluster.deploy(replicas=1, aiops=KILLED)
    server.fault = "404"
    result = up(session)
    assert (result.exit_code, result.raised, result.lowered, cluster.replicas()) == (3, True, True, 0)


def test_taken_over_without_an_answer_it_is_given_back(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.deploy(replicas=1, aiops=KILLED)
    left = [Unanswered()]

    def lost(path: str) -> None:
        if left:
            raise left.pop()
        cluster.react(path)

    api.after = lost
    with pytest.raises(Unreachable):
        up(session)
    assert cluster.replicas() == 0


def test_taken_over_by_another_it_is_left_and_paid_for(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.deploy(replicas=1, aiops=KILLED)
    left = [raised("bring-up", run="another")]

    def before(method: str, path: str) -> None:
        if method == "PATCH" and left:
            cluster.somebody(1, note=left.pop())

    api.before = before
    with pytest.raises(Refused, match="was scaled to 1 meanwhile by bring-up of eve@laptop"):
        up(session)
    assert cluster.replicas() == 1
    assert session.paying[DEPLOYMENT].stop


def test_the_default_deadline_is_for_a_node_an_image_and_its_own_probe(session: Session) -> None:
    timeouts = session.config.aiops.timeouts
    assert default_limit_s(session, live_model(session, MODEL)) == timeouts.node + timeouts.image + 600


def test_an_application_that_is_not_there(session: Session, api: Api) -> None:
    with pytest.raises(Refused) as told:
        vllm_up(session, "coder-fim", keep=False, anyway=False, limit_s=None)
    assert "is not on the cluster" in told.value.message
    assert isinstance(told.value.__cause__, NotFound)
    assert api.patches == []
