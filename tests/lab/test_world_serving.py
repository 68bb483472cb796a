"""Servers in pods: asked as `aiops smoke` asks, and judged by what aiops makes of their answers."""

import asyncio
import base64
import json
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from aiops.judge.alias import aliases
from aiops.judge.answers.chat import judge_chat, judge_completion
from aiops.judge.answers.embedding import judge_embedding
from aiops.judge.answers.minted import judge_deleted, judge_listed, judge_minted
from aiops.judge.answers.question import auto_bodies, chat_body, completion_body, embedding_body
from aiops.judge.answers.refusal import judge_refusal
from aiops.judge.answers.reply import Asked
from aiops.judge.answers.served import judge_models
from aiops.judge.answers.silence import judge_keyless
from aiops.judge.answers.stream import judge_stream
from aiops.judge.answers.tool_call import judge_auto, judge_tool_call
from aiops.judge.requests import requests_of
from aiops.lab.api.kinds import Json
from aiops.lab.cluster import Cluster
from aiops.lab.faults import MODEL_FAILS, MODEL_HANGS, TOOL_CALLS_IN_TEXT, WRONG_KEY
from aiops.lab.world import serving
from tests.lab.world import ADMIN, create, edit, pod_spec, world

KEY, MASTER = "sk-of-the-models", "sk-of-the-master"
CHAT, COMPLETIONS, EMBEDDINGS = "/v1/chat/completions", "/v1/completions", "/v1/embeddings"
MODEL = Asked(who="Deployment x/qwen", model="qwen-instruct", gateway=False)
CODER = Asked(who="Deployment x/coder", model="coder", gateway=False)


@dataclass(frozen=True)
class Reply:
    """What came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    retry_after: str = ""
    seconds: float = 0.1

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Pods:
    """The cluster, asked over HTTP."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def ask(
        self, pod: str, path: str, body: Json | None = None, *, key: str = "", port: int = 8000, within_s: float = 10.0
    ) -> Reply:
        """One request over a connection of its own."""
        return asyncio.run(self._ask_within(within_s, self._ask(pod, path, body, key, port)))

    async def _ask_within(self, within_s: float, asked: Coroutine[Any, Any, Reply]) -> Reply:
        try:
            return await asyncio.wait_for(asked, within_s)
        finally:
            for close in self.cluster.at_end:
                await close()

    async def _ask(self, pod: str, path: str, body: Json | None, key: str, port: int) -> Reply:
        assert self.cluster.servers is not None
        found = await self.cluster.servers(self.cluster.objects.get("pods", pod, "x"), port)
        if found is None:
            raise ConnectionRefusedError(pod)
        reader, writer = found
        data = b"" if body is None else json.dumps(body).encode()
        head = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.0", "Host: x", f"Content-Length: {len(data)}"]
        head += [f"Authorization: Bearer {key}"] if key else []
        try:
            writer.write("\r\n".join((*head, "", "")).encode() + data)
            text, _, rest = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
            await writer.wait_closed()
        first, *lines = text.decode().splitlines()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Reply(int(first.split()[1]), headers, rest)


def ready(cluster: Cluster, name: str, volumes: list[Json] | None = None, **container: object) -> None:
    """A pod that is Ready."""
    spec = pod_spec(volumes=volumes or [])
    spec["containers"][0] |= container
    pod = create(cluster, "pods", name, metadata={"labels": {"app": name}}, spec=spec)
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    cluster.objects.set_status("pods", pod, status, ADMIN)


def secret(cluster: Cluster, name: str, **data: str) -> None:
    create(cluster, "secrets", name, data={key: base64.b64encode(text.encode()).decode() for key, text in data.items()})


VLLM: dict[str, Any] = {
    "image": "vllm/vllm-openai:v0.23.0", "ports": [{"containerPort": 8000}],
    "env": [{"name": "VLLM_API_KEY", "valueFrom": {"secretKeyRef": {"name": "vllm", "key": "key"}}}],
}  # fmt: skip
CONFIG = {
    "model_list": [
        {
            "model_name": alias,
            "litellm_params": {
                "model": f"openai/{model}", "api_base": base, "api_key": "os.environ/UPSTREAM",
                "input_cost_per_token": 1,
            },
        }
        for alias, model, base in (
            ("qwen", "qwen-instruct", "http://models.x.svc.cluster.local:8000/v1"),
            ("by-name", "coder", "http://gateway.elsewhere.svc/v1"),
            ("embeddings", "bge", "http://embeddings.x.svc.cluster.local/v1"),
            ("down", "nobody", "http://down.x.svc.cluster.local/v1"),
        )
    ]
}  # fmt: skip


@pytest.fixture
def pods() -> Pods:
    cluster = world(serving)
    secret(cluster, "vllm", key=KEY)
    secret(cluster, "gateway", PROXY_MASTER_KEY=MASTER, UPSTREAM=KEY)
    instructed = ["--model=Qwen/x", "--served-model-name", "qwen-instruct", "--tool-call-parser=hermes"]
    ready(cluster, "qwen", args=instructed, **VLLM)
    ready(cluster, "coder", args=["--model=coder"], **VLLM)
    image = "ghcr.io/huggingface/text-embeddings-inference:cpu-1.7"
    ready(cluster, "embeddings", image=image, args=["--model-id=BAAI/bge"], ports=[{"containerPort": 8080}])
    for name, chosen in (("models", "qwen"), ("embeddings", "embeddings"), ("down", "down")):
        create(cluster, "services", name, spec={"selector": {"app": chosen}, "ports": [{"port": 8000}]})
    create(cluster, "configmaps", "config", data={"config.yaml": yaml.safe_dump(CONFIG), "other": "a: b: c"})
    volumes, variables = [{"name": "config", "configMap": {"name": "config"}}], [{"secretRef": {"name": "gateway"}}]
    ready(cluster, "litellm", volumes, image="ghcr.io/berriai/litellm:v1", envFrom=variables)
    return Pods(cluster)


def gateway(alias: str = "") -> Asked:
    return Asked(who="LiteLLM x/litellm", model=alias, gateway=True)


def minted(pods: Pods, **asked: object) -> str:
    reply = pods.ask("litellm", "/key/generate", asked, key=MASTER)
    assert judge_minted(gateway(), reply).status == "ok", reply
    return str(reply.json["key"])


def test_a_model_answers_whatever_a_smoke_asks(pods: Pods) -> None:
    assert judge_models(pods.ask("qwen", "/v1/models", key=KEY)).models == ("qwen-instruct",)
    for asked, path, body, judge in (
        (MODEL, CHAT, chat_body(MODEL.model), judge_chat),
        (MODEL, CHAT, chat_body(MODEL.model, tools=True), judge_tool_call),
        (CODER, COMPLETIONS, completion_body(CODER.model), judge_completion),
    ):
        found = judge(asked, pods.ask("qwen" if asked is MODEL else "coder", path, body, key=KEY))
        assert found.status == "ok", found
    stream = pods.ask("qwen", CHAT, chat_body(MODEL.model, stream=True), key=KEY)
    lines = [(at / 10, line + b"\n") for at, line in enumerate(stream.body.splitlines())]
    found, measured = judge_stream(MODEL, lines)
    assert (found.status, measured.text, measured.tokens) == ("ok", "pong", 2), found
    assert stream.content_type.startswith("text/event-stream")
    assert requests_of(pods.ask("qwen", "/metrics").body.decode()) == {"finished": 3, "running": 0}
    assert pods.ask("qwen", "/health").status == 200


def test_what_a_model_refuses(pods: Pods) -> None:
    body = chat_body(MODEL.model)
    assert judge_keyless(MODEL, pods.ask("qwen", CHAT, body)).status == "ok"
    for pod, path, asked, finding in (
        ("qwen", CHAT, {**body, "model": "other"}, "smoke.model-unknown"),
        ("coder", CHAT, chat_body("coder", tools=True), "smoke.no-tool-parser"),
        ("qwen", EMBEDDINGS, body, "smoke.not-found"),
        ("qwen", CHAT, {"model": "qwen-instruct"}, "smoke.bad-request"),
    ):
        assert judge_refusal(MODEL, pods.ask(pod, path, asked, key=KEY)).id == finding


def test_a_model_whose_tool_calls_stay_in_the_text(pods: Pods) -> None:
    """Only where it may do without."""

    def found() -> list[str]:
        replies = [pods.ask("qwen", CHAT, body, key=KEY) for body in auto_bodies(MODEL.model)]
        must = pods.ask("qwen", CHAT, chat_body(MODEL.model, tools=True), key=KEY)
        return [judge_auto(MODEL, replies).id, judge_tool_call(MODEL, must).id]

    assert found() == ["smoke.auto-tool-call", "smoke.tool-call"]
    pods.cluster.faults.switch(TOOL_CALLS_IN_TEXT, on=True)
    assert found() == ["smoke.tool-call-in-text", "smoke.tool-call"]


@pytest.mark.parametrize(("fault", "finding"), [(WRONG_KEY, "smoke.unauthorized"), (MODEL_FAILS, "smoke.server-error")])
def test_faults_of_a_model(pods: Pods, fault: str, finding: str) -> None:
    body = chat_body(MODEL.model)
    pods.cluster.faults.switch(fault, on=True)
    assert judge_refusal(MODEL, pods.ask("qwen", CHAT, body, key=KEY)).id == finding
    pods.cluster.faults.switch(fault, on=False)
    assert pods.ask("qwen", CHAT, body, key=KEY).status == 200


def test_a_model_that_hangs(pods: Pods) -> None:
    pods.cluster.faults.switch(MODEL_HANGS, on=True)
    assert pods.ask("qwen", "/v1/models", key=KEY).status == 200
    with pytest.raises(TimeoutError):
        pods.ask("qwen", CHAT, chat_body(MODEL.model), key=KEY, within_s=0.2)


def test_who_does_not_listen(pods: Pods) -> None:
    """A port that no container has, a pod that is not Ready, and one that serves nothing."""
    ready(pods.cluster, "web", image="nginx:1")
    pod = pods.cluster.objects.get("pods", "coder", "x")
    pods.cluster.objects.set_status("pods", pod, {"phase": "Pending"}, ADMIN)
    for name, port in (("qwen", 8080), ("coder", 8000), ("web", 8000)):
        with pytest.raises(ConnectionRefusedError):
            pods.ask(name, "/health", port=port)


def test_a_pod_that_is_replaced_starts_anew(pods: Pods) -> None:
    """With the key of then; the one before keeps its own."""
    edit(pods.cluster, "secrets", "vllm", lambda now: {**now, "data": {"key": base64.b64encode(b"newer").decode()}})
    assert pods.ask("qwen", "/v1/models", key="newer").status == 200
    edit(pods.cluster, "secrets", "vllm", lambda now: {**now, "data": {"key": base64.b64encode(b"newest").decode()}})
    assert pods.ask("qwen", "/v1/models", key="newest").status == 401
    pods.cluster.objects.delete("pods", "qwen", "x", ADMIN)
    ready(pods.cluster, "qwen", args=["--model=qwen-instruct"], **VLLM)
    assert pods.ask("qwen", "/v1/models", key="newest").status == 200


def test_the_gateway_passes_on_what_its_backends_say(pods: Pods) -> None:
    listed = pods.ask("litellm", "/model/info", key=MASTER)
    assert judge_listed(gateway(), listed, 4).status == "ok"
    assert [(each.name, each.upstream) for each in aliases(listed.body)] == [
        ("qwen", "qwen-instruct"), ("by-name", "coder"), ("embeddings", "bge"), ("down", "nobody"),
    ]  # fmt: skip
    assert judge_keyless(gateway(), pods.ask("litellm", CHAT, chat_body("any"))).status == "ok"
    key = minted(pods)
    for alias, path, body, judge in (
        ("qwen", CHAT, chat_body("qwen"), judge_chat),
        ("qwen", CHAT, chat_body("qwen", tools=True), judge_tool_call),
        ("by-name", COMPLETIONS, completion_body("by-name"), judge_completion),
        ("embeddings", EMBEDDINGS, embedding_body("embeddings"), judge_embedding),
    ):
        reply = pods.ask("litellm", path, body, key=key)
        assert judge(gateway(alias), reply).status == "ok", reply
        assert (reply.json["model"], reply.headers["x-litellm-model-group"]) == (alias, alias)
    assert b"null" not in pods.ask("litellm", CHAT, chat_body("qwen"), key=key).body
    called = pods.ask("litellm", CHAT, chat_body("qwen", tools=True), key=key).json["choices"][0]["message"]
    assert called["content"] is None
    stream = pods.ask("litellm", CHAT, chat_body("qwen", stream=True), key=key).body
    *_, counted, done = stream.strip().split(b"\n\n")
    assert (json.loads(counted[6:])["choices"], done) == ([{"index": 0, "delta": {}}], b"data: [DONE]")


def test_backends_that_fail(pods: Pods) -> None:
    def finding(alias: str, body: Json) -> str:
        return judge_refusal(gateway(alias), pods.ask("litellm", CHAT, body, key=MASTER)).id

    assert finding("down", chat_body("down")) == "smoke.backend-down"
    assert finding("nope", chat_body("nope")) == "smoke.model-unknown"
    assert finding("by-name", chat_body("by-name", tools=True)) == "smoke.no-tool-parser"
    pods.cluster.faults.switch(WRONG_KEY, on=True)
    assert finding("qwen", chat_body("qwen")) == "smoke.backend-key"


def test_a_key_of_the_gateway(pods: Pods) -> None:
    """It has models, a budget and an end, and is deleted once."""

    def finding(key: str, alias: str = "qwen") -> str:
        return judge_refusal(gateway(alias), pods.ask("litellm", CHAT, chat_body(alias), key=key)).id

    key = minted(pods, key_alias="run", models=["qwen"], max_budget=5)
    assert pods.ask("litellm", CHAT, chat_body("qwen"), key=key).headers["x-litellm-key-spend"] == "10.0"
    assert finding(key) == "smoke.budget"
    assert finding(key, "embeddings") == "smoke.forbidden"
    assert pods.ask("litellm", "/key/generate", {}, key=key).status == 401
    over = pods.ask("litellm", "/v1/models", key=minted(pods, duration="0s"))
    assert over.json["error"]["type"] == "expired_key"
    gone = [pods.ask("litellm", "/key/delete", {"keys": [key]}, key=MASTER) for _ in range(2)]
    assert [judge_deleted(gateway(), reply).status for reply in gone] == ["ok", "warn"]
    assert (finding(key), finding("wrong")) == ("smoke.unauthorized", "smoke.unauthorized")


def test_a_gateway_of_which_only_a_stub_is_there(pods: Pods) -> None:
    """No config, no environment: the Secrets and Deployments of the cluster tell."""
    cluster = pods.cluster
    secret(cluster, "chart", UPSTREAM_API_KEY=KEY)
    ready(cluster, "stub", image="example.invalid/litellm:stub")
    template = {"metadata": {"labels": {"app": "qwen"}}, "spec": {"containers": [
        {"name": "vllm", "image": "vllm:1", "args": ["--served-model-name=qwen-instruct"]}]}}  # fmt: skip
    spec = {"selector": {"matchLabels": {"app": "qwen"}}, "template": template}
    create(cluster, "deployments.apps", "big-model", spec=spec)
    found = aliases(pods.ask("stub", "/model/info", key=MASTER, port=80).body)
    assert [(each.name, each.upstream) for each in found] == [("big-model", "qwen-instruct")]
    reply = pods.ask("stub", CHAT, chat_body("big-model"), key=MASTER, port=80)
    assert judge_chat(gateway("big-model"), reply).status == "ok", reply
