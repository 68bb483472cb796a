"""The GPU gate of a bring-up: chosen first, a model up once, a smoke at each stage, and down however it ends."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiops.errors import AiopsError, OutOfTime, WrongUse
from aiops.judge.raised import raised_of
from aiops.operations import bring_up, gate, scale
from aiops.progress.events import Event, Looked, Result, Said, StageEnded, StageStarted
from aiops.progress.results import BroughtUp, Smoked
from aiops.session import Session
from tests.operations.api import Api, Refusal
from tests.operations.cluster import LIVE, MODEL, NODES, Cluster, raised
from tests.operations.test_models import CORE, configured, rewritten
from tests.serving.server import Server

Work = Callable[[], Result]
SYNC, UP, SMOKE, DOWN = f"serving: sync {MODEL}", f"serving: vllm-up {MODEL}", "serving: smoke", f"vllm-down {MODEL}"
BEFORE = [
    "target", "prerequisites",
    "platform: root", "platform: wait", "platform: checks", "serving: root", "serving: wait", "serving: checks",
]  # fmt: skip
DEPLOYMENT = f"Deployment serving/{MODEL}"


class Bug(Exception):
    pass


class Stubs(dict[str, Work]):
    """What the other stages do, by name, as `full: wait`; `done` are those that were done."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def play(self, name: str) -> Result:
        self.done.append(name)
        return self.get(name, lambda: Result(summary="well"))()


@pytest.fixture(autouse=True)
def stubs(monkeypatch: pytest.MonkeyPatch) -> Stubs:
    found = Stubs()
    monkeypatch.setattr(bring_up, "check_prerequisites", lambda *_: found.play("prerequisites"))
    monkeypatch.setattr(bring_up, "check_profile", lambda _, stage: found.play(f"{stage}: checks"))
    for verb in ("root", "wait"):
        monkeypatch.setattr(bring_up, verb, lambda _, stage, verb=verb, **__: found.play(f"{stage}: {verb}"))
    monkeypatch.setattr(gate, "sync", lambda _, names, **__: found.play(f"sync {' '.join(names)}"))
    monkeypatch.setattr(scale, "PAUSE_S", 0.0)
    monkeypatch.setattr(scale, "SURELY_S", 0.1)
    return found


@pytest.fixture(autouse=True)
def deployed(cluster: Cluster, server: Server) -> None:
    cluster.deploy()


def run(session: Session, profile: str = "serving", *, gpu: bool = True) -> BroughtUp:
    return bring_up.bring_up(session, profile, limit_s=None, gpu=gpu)


def outcomes(result: BroughtUp) -> dict[str, str]:
    return {stage.stage: stage.outcome for stage in result.stages}


def on(session: Session, name: str, act: Callable[[], object], kind: type[StageStarted | StageEnded]) -> None:
    """As a stage begins, or ends, something happens."""
    report = session.report

    def reported(event: Event) -> None:
        report(event)
        if isinstance(event, kind) and event.stage == name:
            act()

    session.report = reported


def raising(error: BaseException) -> Callable[[], Any]:
    def fail() -> None:
        raise error

    return fail


def refusing_down(api: Api) -> Callable[[], object]:
    return lambda: api.refused.update({("PATCH", LIVE): Refusal(403, "not you")})


def test_a_model_up_proven_and_down(session: Session, cluster: Cluster, server: Server) -> None:
    result = run(session)
    assert (result.exit_code, result.warnings) == (0, 0)
    assert list(outcomes(result)) == [*BEFORE, SYNC, UP, SMOKE, DOWN]
    assert {seen.path for seen in server.seen} == {"/v1/models", "/v1/chat/completions"}
    assert (cluster.replicas(), cluster.note(), session.paying) == (0, None, {})


def test_its_word_is_a_bring_ups(session: Session, api: Api, cluster: Cluster) -> None:
    found = []
    on(session, SMOKE, lambda: found.append(raised_of(api.objects[LIVE])), StageStarted)
    run(session)
    assert [mark.command for mark in found if mark] == ["bring-up"]


def several(work: Path) -> None:
    """Two models could be meant."""
    rewritten(work / "config.yaml", "  coding-assistant: true\n", "")
    configured(work, CORE)


def test_it_is_chosen_before_anything_is_done(session: Session, work: Path, api: Api, stubs: Stubs) -> None:
    several(work)
    with pytest.raises(WrongUse, match="which GPU model"):
        run(session)
    assert (stubs.done, api.patches) == ([], [])


@pytest.mark.parametrize(("profile", "gpu"), [("serving", False), ("platform", True)])
def test_without_the_gate_no_model_is_meant(session: Session, work: Path, api: Api, profile: str, gpu: bool) -> None:
    several(work)
    result = run(session, profile, gpu=gpu)
    assert result.exit_code == 0
    assert list(outcomes(result)) == BEFORE[: 8 if profile == "serving" else 5]
    assert api.patches == []


def test_up_once_and_a_smoke_at_each_later_stage(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    smokes = []

    def smoked(_: Session, profile: str, name: str | None, *, tools: bool) -> Result:
        smokes.append((profile, name))
        return Smoked(summary="answers", profile=profile, probes=())

    monkeypatch.setattr(gate, "smoke", smoked)
    result = run(session, "full")
    assert result.exit_code == 0
    assert smokes == [("serving", MODEL), ("llm-gateway", None), ("full", None)]
    assert [name for name in outcomes(result) if "vllm" in name or "sync" in name] == [SYNC, UP, DOWN]
    assert list(outcomes(result))[-3:] == ["full: checks", "full: smoke", DOWN]


def test_what_was_never_synced_is_synced_first(session: Session, api: Api, cluster: Cluster, stubs: Stubs) -> None:
    api.remove(LIVE)

    def synced() -> Result:
        cluster.deploy()
        return Result(summary="synced")

    stubs[f"sync {MODEL}"] = synced
    assert run(session).exit_code == 0
    assert f"sync {MODEL}" in stubs.done


def test_what_runs_is_not_synced(session: Session, cluster: Cluster, stubs: Stubs) -> None:
    """A sync may restart it. It is somebody else's: smoked, and left up."""
    cluster.deploy(replicas=1, aiops=raised())
    result = run(session)
    assert result.exit_code == 0
    assert f"sync {MODEL}" not in stubs.done
    assert {stage.stage: stage.because for stage in result.stages}[SYNC] == f"not synced: {DEPLOYMENT} is up"
    assert list(outcomes(result)) == [*BEFORE, SYNC, UP, SMOKE]
    assert (cluster.replicas(), cluster.note()) == (1, raised())
    assert session.paying[DEPLOYMENT].stop == f"aiops vllm-down {MODEL}"


def test_what_a_killed_run_left_is_lowered_at_the_end(session: Session, cluster: Cluster) -> None:
    cluster.deploy(replicas=1, aiops=raised("bring-up"))
    assert outcomes(run(session))[DOWN] == "done"
    assert cluster.replicas() == 0


FAILS = Result(summary="a stage failed", hint="mend it", exit_code=5, warnings=1)


@pytest.mark.parametrize("fails", [lambda: FAILS, raising(OutOfTime("a stage failed", "mend it"))])
def test_a_stage_that_fails_still_lowers(session: Session, cluster: Cluster, stubs: Stubs, fails: Work) -> None:
    stubs["llm-gateway: wait"] = fails
    result = run(session, "llm-gateway")
    assert list(outcomes(result))[-2:] == ["llm-gateway: wait", DOWN]
    assert result.exit_code in (4, 5)
    assert result.summary == "llm-gateway: wait: a stage failed"
    assert result.hint == "mend it\n`aiops bring-up --profile llm-gateway` goes on from here"
    assert (cluster.replicas(), outcomes(result)[DOWN]) == (0, "done")


@pytest.mark.parametrize(
    "stage", ["prerequisites", "platform: wait", "serving: checks", "serving: wait", f"sync {MODEL}"]
)
def test_what_fails_before_leaves_the_model_alone(session: Session, api: Api, stubs: Stubs, stage: str) -> None:
    stubs[stage] = lambda: FAILS
    result = run(session)
    assert (result.exit_code, result.stages[-1].outcome) == (5, "failed")
    assert DOWN not in outcomes(result)
    assert api.patches == []


def test_a_smoke_that_fails_lowers(session: Session, cluster: Cluster, server: Server) -> None:
    server.fault = "blank"
    result = run(session)
    assert result.exit_code == 3
    assert result.summary.startswith(f"serving: smoke: smoke failed: {DEPLOYMENT}: chat: ")
    assert cluster.replicas() == 0


def test_a_model_that_does_not_come_up_is_down_already(session: Session, cluster: Cluster, server: Server) -> None:
    server.fault = "404"
    result = run(session)
    assert (result.exit_code, cluster.replicas()) == (3, 0)
    assert list(outcomes(result))[-1] == UP


def test_a_model_that_could_not_be_given_back_is_lowered_at_the_end(
    session: Session, api: Api, cluster: Cluster, server: Server
) -> None:
    """The way back is tried once more."""
    server.fault = "404"

    def after(path: str) -> None:
        cluster.react(path)
        api.refused["PATCH", LIVE] = Refusal(503, "down")

    api.after = after
    on(session, DOWN, lambda: api.refused.pop(("PATCH", LIVE)), StageStarted)
    result = run(session)
    assert result.exit_code == 3
    assert outcomes(result)[DOWN] == "done"
    assert cluster.replicas() == 0


def test_a_model_that_cannot_be_lowered_is_the_failure(session: Session, api: Api, cluster: Cluster) -> None:
    on(session, SMOKE, refusing_down(api), StageEnded)
    result = run(session)
    assert result.exit_code == 3
    assert result.summary.startswith(f"{DOWN}: {DEPLOYMENT} could not be lowered: ")
    assert outcomes(result)[DOWN] == "failed"


def test_the_first_failure_is_the_results(session: Session, api: Api, cluster: Cluster, stubs: Stubs) -> None:
    stubs["llm-gateway: wait"] = lambda: FAILS
    on(session, SMOKE, refusing_down(api), StageEnded)
    result = run(session, "llm-gateway")
    assert result.exit_code == 5
    assert result.hint.splitlines()[0] == "mend it"
    assert result.summary.startswith(f"llm-gateway: wait: a stage failed; {DOWN}: {DEPLOYMENT} could not be lowered")
    assert result.warnings == 1


def test_what_cannot_be_looked_at_is_lowered_all_the_same(session: Session, api: Api, cluster: Cluster) -> None:
    on(session, SMOKE, lambda: api.refused.update({("GET", NODES): Refusal(403, "no nodes")}), StageEnded)
    result = run(session)
    assert result.exit_code == 5
    assert "no nodes" in result.summary
    assert cluster.replicas() == 0


def test_once_lowered_only_its_node_is_left_to_pay(session: Session, api: Api, cluster: Cluster) -> None:
    """Even where nothing can be seen any more."""

    def after(path: str) -> None:
        cluster.react(path)
        if not cluster.replicas():
            api.refused["GET", NODES] = Refusal(403, "no nodes")

    api.after = after
    result = run(session)
    assert (result.exit_code, outcomes(result)[DOWN]) == (5, "failed")
    assert [(paid.what, paid.node) for paid in session.paying.values()] == [("", f"gpu-{MODEL}")]


@pytest.mark.parametrize("stage", ["serving: smoke", "llm-gateway: root"])
def test_after_an_interrupt_nothing_is_written(session: Session, api: Api, cluster: Cluster, stage: str) -> None:
    on(session, stage, raising(KeyboardInterrupt()), StageStarted)
    with pytest.raises(KeyboardInterrupt):
        run(session, "llm-gateway")
    assert [patch["spec"]["replicas"] for _, _, patch in api.patches] == [1]
    assert session.paying[DEPLOYMENT].stop == f"aiops vllm-down {MODEL}"


def test_nor_after_an_interrupt_while_it_goes_down(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.nodes_stay = True
    report = session.report

    def reported(event: Event) -> None:
        report(event)
        if isinstance(event, Looked) and event.rows and not cluster.replicas():
            raise KeyboardInterrupt

    session.report = reported
    with pytest.raises(KeyboardInterrupt):
        run(session)
    assert [patch["spec"]["replicas"] for _, _, patch in api.patches] == [1, 0]
    assert [(paid.what, paid.node) for paid in session.paying.values()] == [("", f"gpu-{MODEL}")]


def test_a_bug_lowers_without_a_wait(session: Session, cluster: Cluster, stubs: Stubs) -> None:
    cluster.pods_stay = True
    stubs["llm-gateway: wait"] = raising(Bug("oh"))
    with pytest.raises(Bug):
        run(session, "llm-gateway")
    assert (cluster.replicas(), cluster.note()) == (0, None)


def test_a_bug_on_the_way_down_lowers_too(session: Session, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "switch_off", lambda *_, **__: raising(Bug("oh"))())
    with pytest.raises(Bug):
        run(session)
    assert cluster.replicas() == 0


def test_a_bug_leaves_what_is_somebody_elses(session: Session, api: Api, cluster: Cluster, stubs: Stubs) -> None:
    cluster.deploy(replicas=1, aiops=raised())
    stubs["llm-gateway: wait"] = raising(Bug("oh"))
    with pytest.raises(Bug):
        run(session, "llm-gateway")
    assert (cluster.replicas(), api.patches) == (1, [])


@pytest.mark.parametrize(("replicas", "note"), [(1, raised()), (2, None)])
def test_what_somebody_took_over_meanwhile_is_left(
    session: Session, cluster: Cluster, replicas: int, note: str | None
) -> None:
    """With a word of aiops, or by hand."""
    on(session, SMOKE, lambda: cluster.somebody(replicas, note=note), StageEnded)
    result = run(session)
    assert (result.exit_code, result.warnings, cluster.replicas()) == (0, 1, replicas)
    assert outcomes(result)[DOWN] == "done"
    assert [paid.what for paid in session.paying.values()] == [f"Pod serving/{MODEL}-a"]


def test_deleted_meanwhile(session: Session, api: Api, cluster: Cluster) -> None:
    def deleted() -> None:
        api.remove(LIVE)
        cluster.end()

    on(session, SMOKE, deleted, StageEnded)
    assert run(session).exit_code == 0


def test_the_wrong_cluster_ends_it_before_all(session: Session, work: Path, stubs: Stubs) -> None:
    rewritten(work / "config.yaml", "  context: here\n", "")
    result = run(session)
    assert (result.exit_code, [stage.stage for stage in result.stages], stubs.done) == (2, ["target"], [])


def test_an_error_is_no_bug(session: Session, told: list[Event], stubs: Stubs) -> None:
    stubs["platform: root"] = raising(AiopsError("no", "mend it"))
    result = run(session)
    assert (result.exit_code, result.summary) == (3, "platform: root: no")
    assert not [each for each in told if isinstance(each, Said) and each.level == "warn"]
