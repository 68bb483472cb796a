"""The aliases of LiteLLM, and who answers for each: a model, by its name or its address, or nobody of this cluster."""

import json
from typing import Any

import pytest

from aiops.judge.alias import Alias, Backend, aliases, backend_of
from aiops.snapshot import Json
from tests.judge.models import container
from tests.judge.models import deployment as model_deployment
from tests.judge.models import spec as pod_spec


def listed(*entries: Any) -> tuple[Alias, ...]:
    return aliases(json.dumps({"data": entries}).encode())


def entry(name: Any = "fast", model: Any = "openai/chat-7b", mode: Any = "chat", **params: Any) -> Json:
    return {"model_name": name, "litellm_params": {"model": model, **params}, "model_info": {"mode": mode}}


def test_an_alias() -> None:
    assert listed(entry(api_base="http://chat.models.svc.cluster.local:8000/v1")) == (
        Alias("fast", "chat-7b", "chat.models.svc.cluster.local", "chat"),
    )


def test_each_once_in_litellms_order() -> None:
    found = listed(entry("b", "openai/one"), entry("a"), entry("b", "openai/two"))
    assert [(each.name, each.upstream) for each in found] == [("b", "one"), ("a", "chat-7b")]


@pytest.mark.parametrize("name", ["*", "openai/*", "", None])
def test_a_wildcard_is_no_name_that_could_be_asked_for(name: str | None) -> None:
    assert [each.name for each in listed(entry(name), entry("fast"))] == ["fast"]


@pytest.mark.parametrize(
    ("model", "upstream"),
    [
        ("openai/chat-7b", "chat-7b"),
        ("hosted_vllm/acme/Chat-7B", "acme/Chat-7B"),
        ("text-completion-openai/coder", "coder"),
        ("gpt-4", "gpt-4"),
        ("openai/", "openai/"),
        (None, ""),
    ],
    ids=["provider", "provider and a Hugging Face id", "another provider", "none", "nothing behind it", "null"],
)
def test_the_providers_prefix_is_litellms_own(model: str | None, upstream: str) -> None:
    assert listed(entry(model=model))[0].upstream == upstream


@pytest.mark.parametrize(
    ("word", "mode"),
    [
        ("chat", "chat"),
        ("completion", "completions"),
        ("embedding", "embeddings"),
        ("rerank", None),
        ("", None),
        (None, None),
        (["chat"], None),
    ],
)
def test_what_it_answers_to(word: Any, mode: str | None) -> None:
    assert listed(entry(mode=word))[0].mode == mode


def test_what_no_smoke_asks_for_is_not_asked_though_its_backend_is_up() -> None:
    (alias,) = listed(entry(mode="rerank"))
    assert backend_of(alias, [], []).because == "a smoke does not ask for rerank"
    (unsaid,) = listed(entry(mode=None))
    assert backend_of(unsaid, [], []).because == "no workload of this cluster serves chat-7b"


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("http://chat.models:8000/v1", "chat.models"),
        ("https://user:word@api.example.com/v1", "api.example.com"),
        ("http://[::1]:8000/v1", "::1"),
        ("http://[broken/v1", ""),
        ("chat.models:8000", ""),
        ("", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_the_host_of_its_address(address: Any, host: str) -> None:
    assert listed(entry(api_base=address))[0].host == host


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"data": null}', b'{"data": [null, "x", {}]}', b'{"data": {"model_name": "x"}}'],
)
def test_no_list_has_no_aliases(body: bytes) -> None:
    assert aliases(body) == ()


def test_an_entry_that_says_nothing_but_its_name() -> None:
    assert listed({"model_name": "x"}, {"model_name": "y", "litellm_params": None, "model_info": "z"}) == (
        Alias("x", "", "", None),
        Alias("y", "", "", None),
    )


def deployment(
    name: str = "chat", namespace: str = "models", replicas: int = 1, ready: int = 1, app: str = "", **changes: Any
) -> Json:
    """A Deployment that serves chat-7b on a GPU and is ready, where nothing else is said; its pods are `app: NAME`."""
    body = model_deployment(pod_spec(containers=[container(**changes)]))
    body["metadata"] |= {"name": name, "namespace": namespace}
    body["spec"] |= {"replicas": replicas}
    body["spec"]["template"]["metadata"] = {"labels": {"app": app or name}}
    body["status"] = {"readyReplicas": ready} if ready else {}
    return body


def service(name: str = "chat", namespace: str = "models", selector: Json | None = None) -> Json:
    selector = {"app": name} if selector is None else selector
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"selector": selector}}


def serving(name: str, *words: str, **changes: Any) -> Json:
    """A model under another name."""
    return deployment(name, args=[f"--served-model-name={words[0] if words else name}"], **changes)


def alias(upstream: str = "chat-7b", host: str = "") -> Alias:
    return Alias("fast", upstream, host, "chat")


def name_of(backend: Backend) -> str | None:
    assert (backend.deployment is None) is (backend.model is None)
    if backend.deployment is None or backend.model is None:
        return None
    assert backend.model.name == backend.deployment["metadata"]["name"]
    return backend.model.name


def test_who_serves_it_by_its_name() -> None:
    backend = backend_of(alias(), iter([serving("other"), deployment()]), iter([]))
    assert (name_of(backend), backend.because) == ("chat", "")


def test_nobody_serves_it() -> None:
    backend = backend_of(alias("claude"), [deployment()], [service()])
    assert backend == Backend(None, None, "no workload of this cluster serves claude")


HOSTS = {
    "service and namespace": ("chat.models", True),
    "with svc": ("chat.models.svc", True),
    "in full": ("chat.models.svc.cluster.local", True),
    "another cluster's domain": ("chat.models.svc.acme.internal", True),
    "a name alone": ("chat", False),
    "another namespace": ("chat.other.svc.cluster.local", False),
    "another service": ("web.models", False),
    "of a pod": ("chat.models.pod.cluster.local", False),
    "an address": ("10.0.0.7", False),
    "IPv6": ("::1", False),
    "outside, with the same words": ("chat.models.example.com", False),
    "nothing": ("", False),
}


@pytest.mark.parametrize(("host", "yes"), HOSTS.values(), ids=HOSTS)
def test_who_stands_behind_its_address(host: str, yes: bool) -> None:
    backend = backend_of(alias("another-name", host), [deployment()], [service(), service("web", "other")])
    assert name_of(backend) == ("chat" if yes else None)


def test_the_address_of_litellm_itself_is_read_as_written() -> None:
    [found] = listed(entry(model="openai/x", api_base="http://chat.models.svc.cluster.local:8000/v1"))
    assert name_of(backend_of(found, [deployment()], [service()])) == "chat"


@pytest.mark.parametrize(
    ("body", "near"),
    [
        (deployment(), service(selector={"app": "other"})),
        (deployment(), service(selector={"app": "chat", "tier": "x"})),
        (deployment(), service(selector={})),
        (deployment(), {"metadata": {"name": "chat", "namespace": "models"}, "spec": {"externalName": "x.example"}}),
        (deployment(namespace="other"), service()),
    ],
    ids=["other labels", "one label more", "no selector", "a name outside", "pods of another namespace"],
)
def test_a_service_that_selects_none_of_its_pods(body: Json, near: Json) -> None:
    assert name_of(backend_of(alias("another-name", "chat.models"), [body], [near])) is None


def test_its_pods_may_have_more_labels() -> None:
    body = deployment()
    body["spec"]["template"]["metadata"]["labels"] |= {"tier": "x"}
    assert name_of(backend_of(alias("another-name", "chat.models"), [body], [service()])) == "chat"


GATEWAYS = {
    "options": {"args": ["-f", "/config/config.yaml"]},
    "a first word": {"args": ["proxy", "router", "--domain", "x"]},
    "no words": {"args": []},
    "a command": {"command": ["envoy"], "args": ["-c", "/etc/envoy.yaml"]},
}


@pytest.mark.parametrize("words", GATEWAYS.values(), ids=GATEWAYS)
def test_a_gateway_behind_the_address_is_nobody(words: dict[str, Any]) -> None:
    gateway = deployment("gateway", "inference", resources={}, env=[], **words)
    found = backend_of(
        alias("claude", "gateway.inference.svc.cluster.local"),
        [gateway, deployment()],
        [service("gateway", "inference")],
    )
    assert name_of(found) is None


def test_a_gateway_may_stand_before_who_serves_it_by_name() -> None:
    gateway = deployment("gateway", "inference", resources={}, args=["proxy"])
    found = backend_of(
        alias("chat-7b", "gateway.inference"), [gateway, deployment()], [service("gateway", "inference")]
    )
    assert name_of(found) == "chat"


def test_a_model_on_the_cpu_behind_the_address() -> None:
    """TEI answers under any name: its alias need not say the Hugging Face id."""
    embed = deployment("embed", resources={}, args=["--model-id=acme/embed-base"])
    assert name_of(backend_of(alias("embed-base", "embed.models"), [embed], [service("embed")])) == "embed"


def test_the_name_counts_before_the_address() -> None:
    named, behind = deployment("named"), serving("behind")
    assert name_of(backend_of(alias("chat-7b", "behind.models"), [behind, named], [service("behind")])) == "named"


def test_of_two_of_the_name_the_one_behind_the_address() -> None:
    """Even where only the other one is ready: that is not who would be asked."""
    first, second = deployment("first"), deployment("second", ready=0)
    backend = backend_of(alias(host="second.models"), [first, second], [service("second")])
    assert (name_of(backend), backend.because) == ("second", "Deployment models/second has no ready pod")


@pytest.mark.parametrize(
    ("replicas", "ready", "because"),
    [
        (1, 1, ""),
        (2, 1, ""),
        (1, 0, "Deployment models/chat has no ready pod"),
        (0, 0, "Deployment models/chat is at 0 replicas"),
    ],
    ids=["up", "half up", "on its way", "at 0"],
)
def test_why_it_is_not_asked(replicas: int, ready: int, because: str) -> None:
    backend = backend_of(alias(), [deployment(replicas=replicas, ready=ready)], [])
    assert (name_of(backend), backend.because) == ("chat", because)


def test_a_status_without_numbers_is_not_ready() -> None:
    body = {**deployment(), "status": {"readyReplicas": None}}
    assert backend_of(alias(), [body], []).because.endswith("has no ready pod")
    del body["status"]
    assert backend_of(alias(), [body], []).because.endswith("has no ready pod")


@pytest.mark.parametrize("host", ["", "chat.models"], ids=["by name", "by address"])
def test_of_several_the_one_that_is_ready(host: str) -> None:
    upstream = "elsewhere" if host else "chat-7b"
    bodies = [deployment(name, ready=ready, app="chat") for name, ready in (("a", 0), ("b", 1), ("c", 0))]
    backend = backend_of(alias(upstream, host), bodies, [service()])
    assert (name_of(backend), backend.because) == ("b", "")


def test_of_several_that_are_not_ready_the_one_on_its_way_up() -> None:
    bodies = [deployment("a", replicas=0, ready=0), deployment("b", ready=0)]
    assert backend_of(alias(), bodies, []).because == "Deployment models/b has no ready pod"
