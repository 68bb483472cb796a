"""A smoke through LiteLLM: a key of this run's own, one call for each alias whose backend is up, and no key left."""

from collections.abc import Iterator
from typing import Any

import pytest

from aiops.errors import Forbidden, Refused
from aiops.operations import smoke_gateway
from aiops.operations.gateway import find_gateway
from aiops.operations.smoke import smoke
from aiops.progress.events import Event, Said
from aiops.progress.results import Probe, Smoked
from aiops.session import Session
from tests.operations.api import APPLICATIONS, Api, Json, Refusal
from tests.operations.cluster import ALL_PODS, DEPLOYMENTS, MODEL, PODS, SERVED, Cluster, manifest, ref, secret
from tests.operations.conftest import RUN
from tests.operations.test_models import configured
from tests.serving.litellm import Alias, Litellm
from tests.serving.server import Server

MASTER = "sk-canary-master-51"
PLACE = "/apis/apps/v1/namespaces/litellm/deployments"
GATEWAY_PODS, GATEWAY_SECRETS = "/api/v1/namespaces/litellm/pods", "/api/v1/namespaces/litellm/secrets"
SECRET = f"{GATEWAY_SECRETS}/litellm-secrets"
NAME = "LiteLLM litellm/litellm"
BASE = "serving.svc.cluster.local"


@pytest.fixture
def app() -> Litellm:
    return Litellm(MASTER, {
        "qwen-local": Alias(SERVED, f"http://{MODEL}.{BASE}:8000/v1"),
        "coder-fim": Alias("qwen2.5-coder-1.5b", f"http://coder-fim.{BASE}:8000/v1"),
        "vectors": Alias("bge-base-en-v1.5", f"http://embeddings.{BASE}/v1"),
        "outside": Alias("claude-haiku-4-5", "https://api.example.com/v1"),
    })  # fmt: skip


@pytest.fixture(autouse=True)
def litellm(api: Api, app: Litellm, cluster: Cluster) -> Iterator[Server]:
    """LiteLLM with a server behind it; of its backends the model is up and coder-fim at 0."""
    cluster.deploy(replicas=1)
    cluster.deploy("coder-fim")
    serves(api, MODEL, 1)
    place(api)
    cluster.application({"metadata": {"name": "litellm"}, "spec": {}}, ref("Deployment", "litellm", "litellm"))
    api.put(*secret(GATEWAY_SECRETS, "litellm-secrets", {"PROXY_MASTER_KEY": MASTER}))
    cluster.pod("proxy-0", "litellm-1", {"app.kubernetes.io/name": "litellm"}, {}, collection=GATEWAY_PODS)
    with Server(app) as server:
        api.behind["litellm"] = server.port
        yield server


def place(api: Api, name: str = "litellm", **spec: Any) -> None:
    body = manifest("gateway/litellm/deployment.yaml")
    api.put(PLACE, {**body, "metadata": {"name": name}, "spec": {**body["spec"], **spec}})


def serves(api: Api, name: str, ready: int) -> None:
    body = api.objects[f"{DEPLOYMENTS}/{name}"]
    api.put(DEPLOYMENTS, {**body, "status": {"readyReplicas": ready}})


def through(session: Session, *, tools: bool = False) -> Smoked:
    """The smoke, in which no key is ever seen: not in what it ends with, nor in what it tells on the way."""
    return smoke(session, "llm-gateway", None, tools=tools)


@pytest.fixture(autouse=True)
def unseen(app: Litellm, told: list[Event], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    results: list[object] = []
    real = smoke_gateway.smoke_gateway

    def kept(*args: Any, **more: Any) -> tuple[Probe, ...]:
        results.append(probes := real(*args, **more))
        return probes

    monkeypatch.setattr("aiops.operations.smoke.smoke_gateway", kept)
    yield
    words = repr((told, results))
    assert [key for key in (MASTER, *(each.key for each in app.keys.minted)) if key in words] == []


def by_name(result: Smoked) -> dict[str, Probe]:
    return {probe.what: probe for probe in result.probes}


def calls(server: Server, app: Litellm) -> list[tuple[str, str]]:
    minted = {key.key for key in app.keys.minted}
    return [(seen.path, seen.body["model"]) for seen in server.seen if seen.key in minted]


def test_one_call_for_each_alias_that_is_up(session: Session, app: Litellm, litellm: Server, told: list[Event]) -> None:
    result = through(session)
    assert result.exit_code == 0, result
    found = by_name(result)
    assert list(found) == [
        "without a key", "aliases", "coder-fim", "vectors", "outside", "key", "qwen-local: chat", "key deleted",
    ]  # fmt: skip
    assert {probe.target for probe in result.probes} == {NAME}
    assert found["coder-fim"].said == "not called: Deployment serving/coder-fim is at 0 replicas"
    assert found["vectors"].said == "not called: no workload of this cluster serves bge-base-en-v1.5"
    assert found["outside"].said == "not called: no workload of this cluster serves claude-haiku-4-5"
    assert result.summary == "5 answers as they should be, 3 not called"
    assert calls(litellm, app) == [("/v1/chat/completions", "qwen-local")]
    (key,) = app.keys.minted
    assert (key.alias, key.models, key.max_budget) == (f"aiops-smoke-{RUN}", ["qwen-local"], smoke_gateway.BUDGET)
    assert key.expires is not None
    assert app.keys.live == {}
    assert [each.text for each in told if isinstance(each, Said)][-1].startswith("a key for this run: budget 0.05")


def test_by_the_endpoint_that_fits(session: Session, api: Api, app: Litellm, litellm: Server, cluster: Cluster) -> None:
    """By what LiteLLM says of it, else by what its workload serves."""
    app.aliases["qwen-local"].mode = "embedding"
    cluster.deploy("coder-fim", replicas=1)
    serves(api, "coder-fim", 1)
    result = through(session, tools=True)
    assert result.exit_code == 0, result
    assert sorted(calls(litellm, app)) == [("/v1/completions", "coder-fim"), ("/v1/embeddings", "qwen-local")]
    assert [what for what in by_name(result) if ":" in what] == ["qwen-local: embeddings", "coder-fim: completions"]


def test_with_tools_a_call_of_one(session: Session) -> None:
    result = through(session, tools=True)
    found = by_name(result)
    assert found["qwen-local: tool call"].status == "ok"
    assert found["qwen-local: auto tool call"].said == "calls get_weather in 3 of 3 answers to tool_choice auto"


def test_with_tools_a_backend_that_leaves_calls_in_the_text(session: Session, app: Litellm) -> None:
    app.aliases["qwen-local"].unparsed = "<tool_call>{}</tool_call>"
    result = through(session, tools=True)
    assert (result.exit_code, by_name(result)["qwen-local: auto tool call"].id) == (0, "smoke.tool-call-in-text")


def test_with_tools_a_call_that_is_demanded_comes_first(session: Session, app: Litellm) -> None:
    app.aliases["qwen-local"].tools = False
    found = by_name(through(session, tools=True))
    assert found["qwen-local: tool call"].id == "smoke.no-tool-parser"
    assert "qwen-local: auto tool call" not in found


def test_what_runs_is_paid_for(session: Session) -> None:
    through(session)
    name = f"Deployment serving/{MODEL}"
    assert {what: (paid.node, paid.stop) for what, paid in session.paying.items()} == {
        name: (f"gpu-{MODEL}", "aiops vllm-down --all")
    }


def test_what_a_bring_up_pays_for_keeps_its_own_word(session: Session) -> None:
    name = f"Deployment serving/{MODEL}"
    smoke_gateway.paying.keep(session, name, None, "aiops vllm-down mine")  # type: ignore[attr-defined]
    through(session)
    assert session.paying[name].stop == "aiops vllm-down mine"


def test_nothing_up_is_no_pass(session: Session, api: Api, app: Litellm, litellm: Server) -> None:
    serves(api, MODEL, 0)
    result = through(session)
    assert (result.exit_code, result.hint) == (3, "aiops vllm-up")
    assert "no alias has a backend that is up, so nothing was called" in result.summary
    assert f"not called: Deployment serving/{MODEL} has no ready pod" in [probe.said for probe in result.probes]
    assert (app.keys.minted, api.patches, calls(litellm, app)) == ([], [], [])


def test_without_a_database_no_key(session: Session, app: Litellm) -> None:
    app.database = False
    result = through(session)
    found = by_name(result)
    assert result.exit_code == 3
    assert (found["key"].status, found["key"].id) == ("fail", "smoke.no-database")
    assert found["qwen-local"].said == "not called: no key could be minted"


@pytest.mark.parametrize("fault", ["401", "429", "500", "html"])
def test_what_its_management_refuses(session: Session, app: Litellm, fault: str) -> None:
    app.admin_fault = fault
    result = through(session)
    assert (result.exit_code, [probe.what for probe in result.probes]) == (3, ["without a key", "aliases"])
    assert app.keys.minted == []


def test_without_an_alias_nothing_is_called(session: Session, app: Litellm) -> None:
    app.aliases.clear()
    result = through(session)
    assert (result.exit_code, [probe.id for probe in result.probes]) == (3, ["smoke.closed", "smoke.no-alias"])


def test_open_to_everybody_it_fails(session: Session, app: Litellm) -> None:
    app.fault = "open"
    assert by_name(through(session))["without a key"].status == "fail"


@pytest.mark.parametrize("fault", ["401", "403", "404-model", "429", "500", "503", "html", "blank", "null"])
def test_an_alias_that_fails_leaves_no_key(session: Session, app: Litellm, fault: str) -> None:
    app.fault = fault
    result = through(session)
    found = by_name(result)
    assert (result.exit_code, found["qwen-local: chat"].status, found["key deleted"].status) == (3, "fail", "ok")
    assert app.keys.live == {}


def test_a_key_that_is_not_deleted_is_a_warning(session: Session, app: Litellm) -> None:
    """Its answer quotes the key, as some versions do."""
    real = app.keys.delete

    def refuse(asked: Json) -> Any:
        answer = real({"keys": ["sk-none"]})
        return type(answer)(400, {"error": {"message": f"no such key: {asked['keys']}", "type": "bad", "code": "400"}})

    app.keys.delete = refuse  # type: ignore[method-assign]
    result = through(session)
    assert (result.exit_code, result.warnings) == (0, 1)
    assert by_name(result)["key deleted"].id == "smoke.key-left"


class Bug(Exception):
    pass


def asking(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """An alias is asked, and this happens."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(smoke_gateway.GatewaySmoke, "_ask", fail)


@pytest.mark.parametrize("error", [Bug("oh"), Forbidden("no")])
def test_after_an_error_no_key_is_left(
    session: Session, app: Litellm, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    asking(monkeypatch, error)
    with pytest.raises(type(error)):
        through(session)
    assert (len(app.keys.minted), app.keys.live) == (1, {})


def test_the_first_error_is_told(session: Session, api: Api, app: Litellm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that the key could not be deleted after it."""

    def fail(*_: object) -> None:
        api.refused["GET", f"{GATEWAY_PODS}/proxy-0/portforward"] = Refusal(403, "no more")
        raise Bug("oh")

    monkeypatch.setattr(smoke_gateway.GatewaySmoke, "_ask", fail)
    with pytest.raises(Bug):
        through(session)
    assert len(app.keys.live) == 1


def test_after_an_interrupt_nothing_is_written(
    session: Session, app: Litellm, litellm: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its short life ends the key; and what runs is paid for."""
    asking(monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        through(session)
    assert len(app.keys.live) == 1
    assert litellm.seen[-1].path == "/key/generate"
    assert f"Deployment serving/{MODEL}" in session.paying


def test_the_api_that_fails_meanwhile_leaves_no_key(session: Session, api: Api, app: Litellm) -> None:
    """The way to LiteLLM is closed for the alias and open again for the deletion."""
    count = []

    def before(method: str, path: str) -> None:
        if path.endswith("/portforward"):
            count.append(path)
            if len(count) == 4:
                raise Refusal(403, "no")

    api.before = before
    with pytest.raises(Forbidden):
        through(session)
    assert (len(app.keys.minted), app.keys.live) == (1, {})


def test_without_a_ready_pod(session: Session, api: Api, app: Litellm) -> None:
    api.remove(f"{GATEWAY_PODS}/proxy-0")
    (probe,) = through(session).probes
    assert (probe.target, probe.what, probe.id, probe.status) == (NAME, "pod", "smoke.no-pod", "fail")
    place(api, replicas=0)
    assert through(session).probes[0].said == "is switched off"


def test_nobody_listens(session: Session, api: Api) -> None:
    del api.behind["litellm"]
    result = through(session)
    assert (result.exit_code, [probe.id for probe in result.probes]) == (3, ["smoke.refused"] * 2)


def test_no_gateway_at_all(session: Session, api: Api) -> None:
    api.remove(f"{PLACE}/litellm")
    with pytest.raises(Refused, match="no Deployment of layers platform, serving, routing, llm-gateway runs it"):
        through(session)


def test_several_gateways(session: Session, api: Api, cluster: Cluster) -> None:
    place(api, "twin")
    assert through(session).exit_code == 0, "the other is of no application"
    resources = [ref("Deployment", name, "litellm") for name in ("litellm", "twin")]
    cluster.application({"metadata": {"name": "litellm"}, "spec": {}}, *resources)
    with pytest.raises(Refused, match=r"which LiteLLM\? several could be it: litellm/litellm, litellm/twin"):
        through(session)


def test_the_config_says_which(session: Session, work: Any, api: Api, cluster: Cluster) -> None:
    place(api, "twin")
    place(api, "litellm", replicas=0)
    configured(work, "  gateway: {deployment: twin, namespace: litellm, port: '4001', secret: mine, key: master}\n")
    api.put(*secret(GATEWAY_SECRETS, "mine", {"master": MASTER}))
    gateway = find_gateway(session, session.layers("llm-gateway"))
    assert (str(gateway), gateway.port, gateway.master_key) == ("LiteLLM litellm/twin", 4001, MASTER)
    assert MASTER not in repr(gateway)


def test_a_master_key_that_may_not_be_read(session: Session, api: Api, litellm: Server) -> None:
    api.refused["GET", SECRET] = Refusal(403, "no")
    with pytest.raises(Forbidden) as told:
        through(session)
    assert (told.value.exit_code, litellm.seen) == (5, [])


def test_a_master_key_that_is_not_there(session: Session, api: Api) -> None:
    api.remove(SECRET)
    with pytest.raises(Refused, match=r"master key is not in namespace litellm: litellm-secrets\[LITELLM_MASTER_KEY\]"):
        through(session)


@pytest.mark.parametrize("path", ["/apis/apps/v1/deployments", "/api/v1/services", APPLICATIONS])
def test_what_has_to_be_seen(session: Session, api: Api, path: str) -> None:
    api.refused["GET", path] = Refusal(403, "no")
    with pytest.raises(Forbidden):
        through(session)


def test_pods_of_a_backend_that_may_not_be_seen(session: Session, api: Api, app: Litellm) -> None:
    """Before there is a key."""
    api.refused["GET", PODS] = Refusal(403, "no")
    with pytest.raises(Forbidden):
        through(session)
    assert app.keys.minted == []
    assert ("GET", ALL_PODS) not in api.seen
