"""A smoke of one model by its own server: what is asked with which key, what is not, and that no key is ever seen."""

from pathlib import Path
from typing import Any

import pytest

from aiops.errors import Forbidden, NotFound, Refused, WrongUse
from aiops.operations.smoke import smoke, smoked
from aiops.progress.events import Event
from aiops.progress.results import Probe, Smoked
from aiops.session import Session
from tests.operations.api import Api, Refusal
from tests.operations.cluster import (
    DEPLOYMENTS,
    KEY,
    LIVE,
    MODEL,
    NODES,
    POD,
    PODS,
    SECRETS,
    SERVED,
    Cluster,
    ref,
    secret,
)
from tests.serving.exchange import Events, Step
from tests.serving.faults import REFUSALS
from tests.serving.server import Server

NAME = f"Deployment serving/{MODEL}"


@pytest.fixture(autouse=True)
def deployed(cluster: Cluster) -> None:
    cluster.deploy(replicas=1)


@pytest.fixture
def seen(told: list[Event]) -> Any:
    """Everything that anybody may see of it holds no key."""

    def look(result: Smoked) -> Smoked:
        assert KEY not in repr(told) + repr(result) + str(result)
        return result

    return look


def statuses(result: Smoked) -> dict[str, str]:
    return {probe.what: probe.status for probe in result.probes}


def serving_with(api: Api, *args: str) -> None:
    body = api.objects[LIVE]
    template = body["spec"]["template"]
    (container,) = template["spec"]["containers"]
    spec = {**template["spec"], "containers": [{**container, "args": list(args)}]}
    api.put(DEPLOYMENTS, {**body, "spec": {**body["spec"], "template": {**template, "spec": spec}}})


def test_closed_without_its_key_and_an_answer_with_it(session: Session, server: Server, seen: Any) -> None:
    result = seen(smoke(session, "serving", None, tools=True))
    assert (result.exit_code, result.summary, result.profile) == (0, "5 answers as they should be", "serving")
    whats = ("without a key", "chat", "stream", "tool call", "auto tool call")
    assert statuses(result) == dict.fromkeys(whats, "ok")
    assert [(each.path, each.key) for each in server.seen] == [
        ("/v1/chat/completions", key) for key in ("", *[KEY] * 6)
    ]
    assert [each.body["tool_choice"] for each in server.seen if "tools" in each.body] == ["required", *["auto"] * 3]
    assert all(each.body["model"] == SERVED for each in server.seen)
    assert [probe.target for probe in result.probes] == [NAME] * 5
    paid = session.paying[NAME]
    assert (paid.node, paid.stop) == (f"gpu-{MODEL}", f"aiops vllm-down {MODEL}")


def test_without_a_word_no_tools(session: Session, server: Server) -> None:
    assert list(statuses(smoke(session, "serving", None, tools=False))) == ["without a key", "chat", "stream"]


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("<tools>{}</tools>", "warn", "leaves tool calls in the text in 3 of 3 answers to tool_choice auto"),
        ("I cannot know.", "ok", "calls get_weather in 0 of 3 answers to tool_choice auto, and may do without"),
    ],
)
def test_a_model_that_may_call_a_tool(session: Session, server: Server, text: str, status: str, said: str) -> None:
    """It calls it where it must."""
    server.app.unparsed = text  # type: ignore[attr-defined]
    result = smoke(session, "serving", None, tools=True)
    assert (result.exit_code, result.warnings, statuses(result)["tool call"]) == (0, status == "warn", "ok")
    assert (result.probes[-1].what, result.probes[-1].status) == ("auto tool call", status)
    assert result.probes[-1].said.startswith(said)


def test_without_a_parser_it_is_not_asked_whether_it_calls(session: Session, api: Api, server: Server) -> None:
    serving_with(api, "--model=acme/Talker-7B-Chat", f"--served-model-name={SERVED}")
    assert list(statuses(smoke(session, "serving", None, tools=True)))[-1] == "tool call"


@pytest.mark.parametrize("choice", ["required", "auto"])
def test_tool_calls_that_are_not_answered(
    session: Session, server: Server, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    """One that is demanded has to be there before it is left to the model."""
    real, refused = server.app.answer, REFUSALS["vllm"]["503"]
    monkeypatch.setattr(
        server.app, "answer", lambda each: refused if each.body.get("tool_choice") == choice else real(each)
    )
    *_, call, auto = smoke(session, "serving", None, tools=True).probes
    if choice == "required":
        assert (call.id, auto.status, auto.said) == (
            "smoke.unavailable", "skip", "not asked, because tool call failed",
        )  # fmt: skip
    else:
        assert (call.status, auto.status, auto.id) == ("ok", "fail", "smoke.unavailable")


def test_silence_where_it_may_call_a_tool(session: Session, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    real, cut = server.app.answer, Events([], cut=True)
    monkeypatch.setattr(
        server.app, "answer", lambda each: cut if each.body.get("tool_choice") == "auto" else real(each)
    )
    result = smoke(session, "serving", None, tools=True)
    assert (result.exit_code, result.probes[-1].id) == (3, "smoke.broken")


def test_a_model_that_is_named_is_asked_itself(session: Session, server: Server) -> None:
    """Whatever stands before it in the profile."""
    result = smoke(session, "full", MODEL, tools=False)
    assert (result.exit_code, result.probes[0].target) == (0, NAME)


@pytest.mark.parametrize(
    ("args", "path", "kind"),
    [
        (["--model=acme/Coder-1B", f"--served-model-name={SERVED}"], "/v1/completions", "completions"),
        (["--task=embed", f"--served-model-name={SERVED}"], "/v1/embeddings", "embeddings"),
    ],
)
def test_by_the_endpoint_that_fits(
    session: Session, api: Api, server: Server, args: list[str], path: str, kind: str
) -> None:
    serving_with(api, *args)
    result = smoke(session, "serving", None, tools=True)
    assert statuses(result) == {"without a key": "ok", kind: "ok", "tool call": "skip"}
    assert {each.path for each in server.seen} == {path}
    assert result.summary == "2 answers as they should be, 1 not called"
    assert result.probes[-1].said == f"not asked, because it serves {kind}"


def test_after_a_failure_the_rest_is_skipped_with_its_because(session: Session, server: Server, seen: Any) -> None:
    server.fault = "500"
    result = seen(smoke(session, "serving", None, tools=True))
    assert result.exit_code == 3
    skipped = dict.fromkeys(("stream", "tool call", "auto tool call"), "skip")
    assert statuses(result) == {"without a key": "ok", "chat": "fail", **skipped}
    assert {probe.said for probe in result.probes if probe.status == "skip"} == {"not asked, because chat failed"}
    chat = result.probes[1]
    assert result.summary == f"smoke failed: {NAME}: chat: {chat.said} ({chat.cause})"
    assert result.hint == chat.fix
    assert not chat.said.startswith(NAME), "the target says that already"
    assert len(server.seen) == 2


def test_open_to_everybody_it_fails(session: Session, server: Server) -> None:
    server.fault = "open"
    assert statuses(smoke(session, "serving", None, tools=False))["without a key"] == "fail"


@pytest.mark.parametrize(
    ("fault", "slug"),
    [("stream-broken", "stream-broken"), ("stream-short", "stream-broken"), ("stream-error", "server-error")],
)
def test_a_stream_that_breaks(session: Session, server: Server, fault: str, slug: str, seen: Any) -> None:
    server.fault = fault
    result = seen(smoke(session, "serving", None, tools=False))
    stream = result.probes[-1]
    assert (result.exit_code, stream.what, stream.id) == (3, "stream", f"smoke.{slug}")
    assert ("cannot POST /v1/chat/completions" in repr(stream.evidence)) is (fault == "stream-broken")


STREAMS: dict[str, Step] = {
    "throttled": REFUSALS["vllm"]["429"],
    "unavailable": REFUSALS["vllm"]["503"],
    "broken": Events([], cut=True),
}


@pytest.mark.parametrize("slug", STREAMS)
def test_a_stream_that_does_not_begin(
    session: Session, server: Server, seen: Any, monkeypatch: pytest.MonkeyPatch, slug: str
) -> None:
    """Its chat was as it should be."""
    real = server.app.answer
    monkeypatch.setattr(server.app, "answer", lambda each: STREAMS[slug] if each.body.get("stream") else real(each))
    result = seen(smoke(session, "serving", None, tools=False))
    assert (result.exit_code, statuses(result)["chat"], statuses(result)["stream"]) == (3, "ok", "fail")
    assert result.probes[-1].id == f"smoke.{slug}"


def test_the_wrong_cluster_is_refused_first(session: Session, api: Api, server: Server, work: Path) -> None:
    config = work / "config.yaml"
    config.write_text(config.read_text().replace("  context: here\n", ""))
    with pytest.raises(WrongUse, match="nothing tells that it is the cluster you mean"):
        smoke(session, "serving", None, tools=False)
    assert server.seen == []


def test_a_key_that_is_not_the_servers(session: Session, api: Api, server: Server, seen: Any) -> None:
    api.put(*secret(SECRETS, "vllm-api-key", {"api-key": KEY[::-1]}))
    result = seen(smoke(session, "serving", None, tools=False))
    assert KEY[::-1] not in repr(result)
    assert [probe.id for probe in result.probes if probe.status == "fail"] == ["smoke.unauthorized"]


def test_nobody_listens(session: Session) -> None:
    result = smoke(session, "serving", None, tools=False)
    assert result.exit_code == 3
    assert {probe.id for probe in result.probes if probe.status == "fail"} == {"smoke.refused"}
    assert not [probe for probe in result.probes if probe.status == "ok"]


def test_a_model_at_0_is_not_woken(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.end()
    cluster.deploy()
    cluster.application({"metadata": {"name": "llama"}, "spec": {}}, ref("Deployment", MODEL))
    result = smoke(session, "serving", "llama", tools=False)
    assert (result.exit_code, api.patches) == (3, [])
    (probe,) = result.probes
    assert (probe.target, probe.what, probe.status) == (NAME, "pod", "fail")
    assert (probe.said, probe.fix) == ("is switched off", "aiops vllm-up llama"), "by the application's name"
    assert session.paying == {}
    assert not [path for _, path in api.seen if "secrets" in path], "no key is read that is not needed"


def test_without_a_ready_pod_its_cause_is_told(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.ready = False
    cluster.start()
    body = api.objects[POD]
    waiting = {"waiting": {"reason": "ImagePullBackOff"}}
    status = {**body["status"], "phase": "Pending", "containerStatuses": [{"name": "vllm", "state": waiting}]}
    api.put(PODS, {**body, "status": status})
    result = smoke(session, "serving", None, tools=False)
    (probe,) = result.probes
    assert (result.exit_code, probe.id) == (3, "smoke.no-pod")
    assert "has no ready pod of 1" in probe.said
    assert f"Pod serving/{MODEL}-a: ImagePullBackOff" in probe.cause
    assert session.paying[NAME].stop == f"aiops vllm-down {MODEL}", "it costs money all the same"


def test_a_pod_that_is_ending_is_not_asked(session: Session, api: Api, server: Server) -> None:
    body = api.objects[POD]
    api.put(PODS, {**body, "metadata": {**body["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}})
    assert smoke(session, "serving", None, tools=False).probes[0].id == "smoke.no-pod"
    assert server.seen == []


def test_a_secret_that_may_not_be_read(session: Session, api: Api, server: Server) -> None:
    api.refused["GET", f"{SECRETS}/vllm-api-key"] = Refusal(403, "no")
    with pytest.raises(Forbidden, match="secrets vllm-api-key") as told:
        smoke(session, "serving", None, tools=False)
    assert told.value.exit_code == 5
    assert server.seen == []
    assert NAME in session.paying


def test_a_secret_that_is_not_there(session: Session, api: Api, server: Server) -> None:
    api.remove(f"{SECRETS}/vllm-api-key")
    with pytest.raises(NotFound):
        smoke(session, "serving", None, tools=False)
    assert server.seen == []


def test_a_key_that_cannot_be_sent_is_not_told(session: Session, api: Api, server: Server) -> None:
    api.put(*secret(SECRETS, "vllm-api-key", {"api-key": f"{KEY}\n"}))
    with pytest.raises(Refused) as told:
        smoke(session, "serving", None, tools=False)
    assert KEY not in f"{told.value!r} {told.value.message} {told.value.hint}"


def test_a_node_that_may_not_be_seen_stops_nothing(session: Session, api: Api, server: Server) -> None:
    api.refused["GET", f"{NODES}/gpu-{MODEL}"] = Refusal(403, "no")
    assert smoke(session, "serving", None, tools=False).exit_code == 0
    assert session.paying[NAME].node == ""


def test_a_profile_without_models(session: Session, api: Api) -> None:
    with pytest.raises(WrongUse, match="profile platform serves no model") as told:
        smoke(session, "platform", None, tools=False)
    assert told.value.hint == "profiles that do: serving, llm-gateway, full"
    assert api.seen == []


def probe(status: Any, **fields: str) -> Probe:
    return Probe(**{"target": "a", "what": "chat", "status": status, "said": status, **fields})


@pytest.mark.parametrize(
    ("probes", "code", "warnings", "summary"),
    [
        ([], 5, 0, "could not tell: nothing was called"),
        ([probe("skip")], 5, 0, "could not tell: nothing was called"),
        ([probe("ok"), probe("unknown")], 5, 0, "could not tell: unknown"),
        ([probe("unknown"), probe("ok"), probe("fail", cause="why")], 3, 0, "smoke failed: a: chat: fail (why)"),
        ([probe("ok"), probe("warn"), probe("skip")], 0, 1, "2 answers as they should be, 1 not called"),
        ([probe("warn")], 0, 1, "1 answers as they should be"),
    ],
)
def test_what_was_not_called_is_never_ok(probes: list[Probe], code: int, warnings: int, summary: str) -> None:
    result = smoked("serving", probes)
    assert (result.exit_code, result.warnings, result.summary) == (code, warnings, summary)


def test_the_first_failure_is_told_with_its_cure() -> None:
    result = smoked("serving", [probe("ok"), probe("fail", fix="first"), probe("fail", fix="second")])
    assert result.hint == "first"
