"""Models off: all of them whatever happens to one, confirmed, and what else holds a GPU or brings a model back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from aiops.errors import AiopsError, Forbidden, Refused
from aiops.operations import scale
from aiops.operations.vllm_down import vllm_down, vllm_down_all
from aiops.progress.events import Event, Looked, Said
from aiops.progress.results import ModelDown
from aiops.session import Session
from tests.operations.api import Api, Refusal
from tests.operations.cluster import (
    ALL_PODS,
    DEPLOYMENTS,
    GPU,
    KEDA,
    LIVE,
    MODEL,
    NODES,
    PODS,
    Cluster,
    ago,
    raised,
    ref,
)

AT_ONCE_S, LONG_S = 0.3, 60.0
NAME, OTHER = f"Deployment serving/{MODEL}", "Deployment serving/coder-fim"
NODE = f"gpu-{MODEL}"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "PAUSE_S", 0.0)
    monkeypatch.setattr(scale, "SURELY_S", 0.1)


def everything(session: Session, limit_s: float = LONG_S) -> ModelDown:
    return vllm_down_all(session, limit_s=limit_s)


def one(session: Session, limit_s: float = LONG_S) -> ModelDown:
    return vllm_down(session, None, limit_s=limit_s)


both = pytest.mark.parametrize("down", [one, everything])
Down = Callable[..., ModelDown]


def actions(result: ModelDown) -> dict[str, str]:
    return {each.name: each.action for each in result.models}


def said(told: list[Event]) -> list[str]:
    return [each.text for each in told if isinstance(each, Said)]


@both
def test_down_is_when_its_pods_and_its_node_are_gone(
    session: Session, api: Api, cluster: Cluster, told: list[Event], down: Down
) -> None:
    note = raised(at=ago(60))
    cluster.deploy(replicas=2, aiops=note)
    result = down(session)
    assert (result.exit_code, result.warnings, result.hint) == (0, 0, "")
    assert result.summary == f"1 lowered to 0, node {NODE} left"
    assert result.models[0].detail.startswith("from 2 to 0, raised by vllm-up of eve@laptop at ")
    assert (cluster.replicas(), cluster.note()) == (0, None)
    assert [(row.name, row.detail) for row in result.rows] == [
        (NAME, "at 0 replicas, no pod left"),
        (f"node {NODE}", "left: it bills no more"),
    ]
    assert session.paying == {}
    assert f"context here ({session.kube.server})" in said(told)[0]


def test_all_says_beforehand_what_it_lowers(session: Session, cluster: Cluster, told: list[Event]) -> None:
    cluster.deploy(replicas=1)
    cluster.deploy("coder-fim", replicas=1)
    everything(session)
    assert said(told)[:2] == [f"context here ({session.kube.server})", f"lowers {OTHER}, {NAME}"]


def test_down_already(session: Session, cluster: Cluster) -> None:
    cluster.deploy()
    assert one(session).summary == "1 down already"


def test_all_where_nothing_is_up(session: Session, api: Api, cluster: Cluster, told: list[Event]) -> None:
    cluster.deploy()
    result = everything(session)
    assert (result.exit_code, result.summary, api.patches) == (0, "no model was up", [])
    assert said(told)[1] == "no model is up"


@both
def test_where_no_model_is_up_the_idle_nodes_are_waited_for(session: Session, cluster: Cluster, down: Down) -> None:
    cluster.deploy()
    cluster.node("gpu-idle")
    cluster.node("gpu-busy")
    job = {"containers": [{"name": "job", "resources": {"limits": {GPU: 1}}}]}
    cluster.pod("job", "nobody", {}, job, node="gpu-busy")
    result = down(session, limit_s=AT_ONCE_S)
    assert (result.exit_code, result.warnings) == (0, 1 + (down is everything))
    assert "node gpu-idle still there after 0 s" in result.summary
    assert "node gpu-busy" not in [row.name for row in result.rows]


def test_only_the_application_that_is_meant(session: Session, cluster: Cluster) -> None:
    cluster.deploy(replicas=1)
    cluster.deploy("coder-fim", replicas=1)
    assert actions(one(session)) == {NAME: "lowered"}
    assert (cluster.replicas(), cluster.replicas("coder-fim")) == (0, 1)
    assert [(paid.what, paid.node) for paid in session.paying.values()] == [
        ("Pod serving/coder-fim-a", "gpu-coder-fim")
    ]


def test_what_of_it_asks_for_no_gpu_stays_up(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.deploy(replicas=1)
    web = {"containers": [{"name": "web"}]}
    api.put(DEPLOYMENTS, {"metadata": {"name": "web"}, "spec": {"replicas": 1, "template": {"spec": web}}})
    cluster.application({"metadata": {"name": MODEL}, "spec": {}}, ref("Deployment", "web"), ref("Deployment", MODEL))
    assert actions(one(session)) == {NAME: "lowered"}
    assert cluster.replicas("web") == 1


def test_an_application_without_a_model(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.application({"metadata": {"name": "kserve-demo"}}, ref("InferenceService", "qwen-cpu", "demos"))
    with pytest.raises(Refused, match="kserve-demo has no Deployment on the cluster that asks for a GPU") as told:
        vllm_down(session, "kserve-demo", limit_s=None)
    assert told.value.hint == "`aiops pause kserve-demo` switches its InferenceServices off"
    assert api.patches == []


@pytest.mark.parametrize("which", [MODEL, "coder-fim"])
def test_one_that_cannot_be_lowered_does_not_keep_the_others_up(
    session: Session, api: Api, cluster: Cluster, told: list[Event], which: str
) -> None:
    cluster.deploy(replicas=1)
    cluster.deploy("coder-fim", replicas=1)
    api.refused["PATCH", f"{DEPLOYMENTS}/{which}"] = Refusal(403, "not you")
    result = everything(session)
    failed, lowered = (NAME, OTHER) if which == MODEL else (OTHER, NAME)
    assert result.exit_code == 3
    assert actions(result) == {failed: "failed", lowered: "lowered"}
    assert f"{failed} could not be lowered: " in result.summary
    assert lowered not in result.summary
    assert "not you" in result.summary
    assert result.hint
    assert [text for text in said(told) if text.startswith(f"{failed} could NOT be lowered")]


def test_where_nothing_could_be_lowered_no_node_is_waited_for(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.deploy(replicas=1)
    cluster.node("gpu-idle")
    api.refused["PATCH", LIVE] = Refusal(403, "not you")
    result = one(session)
    assert (result.exit_code, result.rows) == (3, ())
    assert f"Pod serving/{MODEL}-a" in [paid.what for paid in session.paying.values()]


def test_what_is_nobodys_of_ours_is_named_and_left(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.deploy(replicas=1)
    cluster.deploy("coder-fim", replicas=1, **{"argocd.argoproj.io/tracking-id": ""})
    result = everything(session)
    assert (result.exit_code, result.warnings) == (0, 1)
    assert actions(result) == {NAME: "lowered", OTHER: "left"}
    assert "kubectl -n serving scale deployment coder-fim --replicas=0" in result.models[1].detail
    assert "1 lowered to 0, 1 left running" in result.summary
    assert cluster.replicas("coder-fim") == 1


@pytest.mark.parametrize(
    ("least", "annotations", "code", "words"),
    [
        (1, {}, 3, "is not paused: KEDA sets the replicas, between 1 and 2, and brings it back"),
        (0, {"autoscaling.keda.sh/paused-replicas": "1"}, 3, "pins it to 1 replicas"),
        (0, {}, 0, "it may bring it back"),
        (1, {"autoscaling.keda.sh/paused": "true"}, 0, ""),
    ],
)
@both
def test_keda_may_bring_it_back(
    session: Session, cluster: Cluster, down: Down, least: int, annotations: dict[str, str], code: int, words: str
) -> None:
    cluster.deploy(replicas=1)
    cluster.scaledobject(least, **annotations)
    cluster.scaledobject(1, name="another")
    result = down(session)
    assert (result.exit_code, result.warnings) == (code, int(bool(words) and not code))
    assert words in "\n".join((result.summary, *result.notes))
    assert bool(result.notes) is bool(words and not code)
    assert (f"annotate scaledobject {MODEL}" in result.hint) is bool(words)
    assert cluster.replicas() == 0


@pytest.mark.parametrize(("status", "notes"), [(403, 1), (404, 0)])
@both
def test_keda_that_cannot_be_read_stops_nothing(
    session: Session, api: Api, cluster: Cluster, down: Down, status: int, notes: int
) -> None:
    """Forbidden: a note; no KEDA: nothing to say."""
    cluster.deploy(replicas=1)
    api.refused["GET", f"{KEDA}/scaledobjects"] = Refusal(status, "no")
    result = down(session)
    assert (result.exit_code, result.warnings, len(result.notes)) == (0, notes, notes)
    assert all(note.startswith("whether KEDA brings it back could not be read: ") for note in result.notes)


@pytest.mark.parametrize("path", ["/apis/apps/v1/deployments", ALL_PODS, NODES])
def test_what_has_to_be_seen(session: Session, api: Api, cluster: Cluster, path: str) -> None:
    cluster.deploy(replicas=1)
    api.refused["GET", path] = Refusal(403, "no")
    with pytest.raises(Forbidden):
        everything(session)


BROKEN: dict[str, Callable[[Path], object]] = {
    "not YAML": lambda file: file.write_text("repoURL: [\n"),
    "no text": lambda file: file.write_bytes(b"\xff\xfe\x00"),
    "wrong keys": lambda file: file.write_text("profil: cost\n"),
    "deeply nested": lambda file: file.write_text("[" * 3000),
    "absent": lambda file: file.unlink(),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_all_needs_no_config(session: Session, work: Path, cluster: Cluster, broken: str) -> None:
    """It then knows no prices."""
    cluster.deploy(replicas=1)
    cluster.nodes_stay = True
    BROKEN[broken](work / "config.yaml")
    result = everything(session, limit_s=AT_ONCE_S)
    assert (result.exit_code, cluster.replicas()) == (0, 0)
    assert [(paid.node, paid.gpu, paid.per_hour) for paid in session.paying.values()] == [(NODE, "nvidia-l4", None)]
    assert [row.detail for row in result.rows][1] == "idle, and bills until it leaves"


def test_all_needs_no_tree_and_no_argo_cd(session: Session, work: Path, api: Api, cluster: Cluster) -> None:
    cluster.deploy(replicas=1)
    (work / "clusters").rename(work / "gone")
    for path in [path for path in api.objects if "argoproj.io" in path]:
        api.remove(path)
    assert everything(session).exit_code == 0
    assert not [path for _, path in api.seen if "argoproj" in path or path in ("/apis", "/api")]


@pytest.mark.parametrize(
    ("named", "option", "code"), [("here", None, 0), ("away", None, 2), ("away", "here", 0), ("here", "away", 2)]
)
def test_which_context_all_means(
    session: Session, work: Path, cluster: Cluster, named: str, option: str | None, code: int
) -> None:
    """The option's, and else the readable config's; a config of another cluster does not stand in the way."""
    cluster.deploy(replicas=1)
    config = work / "config.yaml"
    config.write_text(config.read_text().replace("context: here", f"context: {named}"))
    session.context_option = option
    if code:
        with pytest.raises(AiopsError, match="away") as told:
            everything(session)
        assert told.value.exit_code == code
        session.context_option = "here"
        session.connect_without_config()
    else:
        assert everything(session).exit_code == 0
    assert cluster.replicas() == int(bool(code))


@both
def test_pods_that_stay(session: Session, cluster: Cluster, down: Down) -> None:
    cluster.deploy(replicas=1)
    cluster.pods_stay = True
    result = down(session, limit_s=AT_ONCE_S)
    assert result.exit_code == 4
    assert f"{NAME} is at 0 replicas; still ending: {MODEL}-a" in result.summary
    assert result.hint == "run it again: it looks until they are gone"
    assert [(paid.what, paid.node) for paid in session.paying.values()] == [("", NODE)]


@both
def test_nodes_that_stay_are_a_warning(session: Session, cluster: Cluster, down: Down) -> None:
    cluster.deploy(replicas=1)
    cluster.nodes_stay = True
    result = down(session, limit_s=AT_ONCE_S)
    assert (result.exit_code, result.warnings) == (0, 1)
    assert result.summary == f"1 lowered to 0, node {NODE} still there after 0 s"
    assert [row.detail for row in result.rows][1] == "idle, and bills until it leaves, 0.85 an hour"
    assert [(paid.what, paid.node, paid.per_hour) for paid in session.paying.values()] == [("", NODE, 0.85)]


def test_a_node_that_others_use_is_not_waited_for(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.deploy(replicas=1)
    cluster.nodes_stay = True
    spec = api.objects[f"{PODS}/{MODEL}-a"]["spec"]
    cluster.pod("job", "nobody", {}, spec, node=NODE)
    result = one(session)
    assert (result.exit_code, result.warnings) == (0, 0)
    assert [row.detail for row in result.rows][1] == "stays: Pod serving/job uses its GPU"


@pytest.mark.parametrize(("age_s", "waited"), [(60.0, True), (900.0 + 60.0 + 5.0, False)])
def test_a_node_that_was_there_long_before_the_model_is_not_waited_for(
    session: Session, cluster: Cluster, age_s: float, waited: bool
) -> None:
    cluster.deploy(replicas=1, aiops=raised(at=ago(55)))
    cluster.node(NODE, age_s)
    cluster.nodes_stay = True
    result = one(session, limit_s=AT_ONCE_S)
    assert (f"node {NODE}" in [row.name for row in result.rows]) is waited
    assert (result.exit_code, result.warnings) == (0, int(waited))


def test_without_a_word_of_who_raised_it_every_node_of_its_is_waited_for(session: Session, cluster: Cluster) -> None:
    cluster.deploy(replicas=1)
    cluster.node(NODE, 10_000)
    cluster.nodes_stay = True
    assert one(session, limit_s=AT_ONCE_S).warnings == 1


def test_a_node_that_joins_meanwhile_is_waited_for(session: Session, cluster: Cluster) -> None:
    """A pod had asked for it before it was taken away."""
    cluster.deploy(replicas=1)
    cluster.nodes_stay = True
    report, left = session.report, ["gpu-late"]

    def reported(event: Event) -> None:
        report(event)
        if isinstance(event, Looked) and event.rows and left:
            cluster.node(left.pop())

    session.report = reported
    result = one(session, limit_s=1.5)
    assert [row.name for row in result.rows] == [NAME, f"node {NODE}", "node gpu-late"]


@both
def test_scaled_up_again_meanwhile(session: Session, cluster: Cluster, down: Down) -> None:
    cluster.deploy(replicas=1)
    cluster.pods_stay = True
    report = session.report

    def reported(event: Event) -> None:
        report(event)
        if isinstance(event, Looked) and event.rows and not cluster.replicas():
            cluster.somebody(2, manager="horizontal-pod-autoscaler")

    session.report = reported
    result = down(session)
    assert result.exit_code == 3
    assert f"{NAME} was scaled up again to 2, by horizontal-pod-autoscaler" in result.summary
    assert result.hint


def test_lowered_by_somebody_else_meanwhile(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.deploy(replicas=1)

    def before(method: str, path: str) -> None:
        if method == "PATCH":
            api.remove(LIVE)
            cluster.end()

    api.before = before
    result = everything(session)
    assert (result.exit_code, actions(result)) == (0, {NAME: "was down"})


def test_what_could_not_be_seen_is_not_confirmed(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.deploy(replicas=1)

    def after(path: str) -> None:
        cluster.react(path)
        api.refused["GET", NODES] = Refusal(503, "not now")

    api.after = after
    result = one(session, limit_s=0.01)
    assert (result.exit_code, cluster.replicas()) == (4, 0)
    assert "lowered to 0" not in result.summary


def test_after_an_interrupt_what_is_paid_for_is_known(
    session: Session, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.deploy(replicas=1)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("aiops.operations.vllm_down.lower", stop)
    with pytest.raises(KeyboardInterrupt):
        one(session)
    assert [(paid.what, paid.node) for paid in session.paying.values()] == [(f"Pod serving/{MODEL}-a", NODE)]
