"""The stand-in for vLLM and LiteLLM: in the shapes of the real ones, and judged as they would be."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from aiops.judge.answers.chat import judge_chat, judge_completion
from aiops.judge.answers.embedding import judge_embedding
from aiops.judge.answers.question import chat_body, completion_body, embedding_body
from aiops.judge.answers.reply import Asked
from aiops.judge.answers.served import judge_models
from aiops.judge.answers.silence import judge_keyless
from aiops.judge.answers.stream import judge_stream
from aiops.judge.answers.tool_call import judge_tool_call
from tests.judge.answers import BUDGET, CHAT, NO_MODEL, UNAUTHORIZED, UNKNOWN_KEY, Answer
from tests.serving.litellm import Alias, Litellm
from tests.serving.server import Server
from tests.serving.vllm import Vllm

KEY, MASTER = "sk-vllm-test", "sk-master"
VLLM = Asked(who="Deployment serving/vllm", model="qwen", gateway=False)
LITELLM = Asked(who="LiteLLM", model="qwen", gateway=True)
CHATS = "/v1/chat/completions"


@pytest.fixture
def vllm() -> Iterator[Server]:
    with Server(Vllm("qwen", KEY)) as server:
        yield server


@pytest.fixture
def gateway() -> Litellm:
    return Litellm(MASTER, {"qwen": Alias("tiny-qwen2"), "embeddings": Alias("bge", mode="embedding")})


@pytest.fixture
def litellm(gateway: Litellm) -> Iterator[Server]:
    with Server(gateway) as server:
        yield server


def ask(server: Server, path: str, body: object = None, key: str = KEY) -> Answer:
    """A POST where there is a body, else a GET."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    method = "GET" if body is None else "POST"
    found = httpx.request(method, server.url + path, json=body, headers=headers, timeout=5)
    return Answer(
        found.status_code, found.content, found.headers.get("content-type", ""), found.headers.get("retry-after", "")
    )


def stream(server: Server, key: str = KEY) -> tuple[list[tuple[float, bytes]], str]:
    """The lines, and how it broke."""
    found, begun = [], time.monotonic()
    headers, body = {"Authorization": f"Bearer {key}"}, chat_body("qwen", stream=True)
    with httpx.stream("POST", server.url + CHATS, json=body, headers=headers, timeout=5) as reply:
        try:
            found += [(time.monotonic() - begun, line.encode()) for line in reply.iter_lines()]
        except httpx.RemoteProtocolError as error:
            return found, str(error)
    return found, ""


def shape(body: Any) -> Any:
    """The keys of an object, all the way down."""
    return {key: shape(value) for key, value in body.items()} if isinstance(body, dict) else type(body)


def mint(server: Server, **asked: Any) -> str:
    body: dict[str, Any] = json.loads(ask(server, "/key/generate", asked, MASTER).body)
    return str(body["key"])


def test_vllm_is_well(vllm: Server) -> None:
    findings = [
        judge_chat(VLLM, ask(vllm, CHATS, chat_body("qwen"))),
        judge_tool_call(VLLM, ask(vllm, CHATS, chat_body("qwen", tools=True))),
        judge_completion(VLLM, ask(vllm, "/v1/completions", completion_body("qwen"))),
        judge_embedding(VLLM, ask(vllm, "/v1/embeddings", embedding_body("qwen"))),
        judge_stream(VLLM, stream(vllm)[0])[0],
        judge_keyless(VLLM, ask(vllm, CHATS, chat_body("qwen"), key="")),
    ]
    assert [finding.status for finding in findings] == ["ok"] * 6, findings
    assert judge_models(ask(vllm, "/v1/models")).models == ("qwen",)


def test_litellm_is_well(litellm: Server) -> None:
    findings = [
        judge_chat(LITELLM, ask(litellm, CHATS, chat_body("qwen"), MASTER)),
        judge_tool_call(LITELLM, ask(litellm, CHATS, chat_body("qwen", tools=True), MASTER)),
        judge_completion(LITELLM, ask(litellm, "/v1/completions", completion_body("qwen"), MASTER)),
        judge_embedding(LITELLM, ask(litellm, "/embeddings", embedding_body("embeddings"), MASTER)),
        judge_stream(LITELLM, stream(litellm, MASTER)[0])[0],
        judge_keyless(LITELLM, ask(litellm, CHATS, chat_body("qwen"), key="")),
    ]
    assert [finding.status for finding in findings] == ["ok"] * 6, findings
    assert judge_models(ask(litellm, "/v1/models", key=MASTER)).models == ("qwen", "embeddings")


FAULTS = {
    "401": "unauthorized",
    "403": "forbidden",
    "404": "not-found",
    "404-model": "model-unknown",
    "400": "bad-request",
    "429": "throttled",
    "500": "server-error",
    "503": "unavailable",
    "302": "redirected",
    "html": "html",
    "blank": "blank",
    "null": "null",
    "uncounted": "uncounted",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_its_name(vllm: Server, litellm: Server, fault: str) -> None:
    vllm.fault = litellm.fault = fault
    direct = judge_chat(VLLM, ask(vllm, CHATS, chat_body("qwen")))
    behind = judge_chat(LITELLM, ask(litellm, CHATS, chat_body("qwen"), MASTER))
    assert (direct.id, behind.id) == (f"smoke.{FAULTS[fault]}",) * 2


@pytest.mark.parametrize(
    ("fault", "slug"),
    [
        ("stream-broken", "stream-broken"),
        ("stream-short", "stream-broken"),
        ("stream-error", "server-error"),
        ("blank", "blank"),
        ("null", "blank"),
        ("wrong-model", "wrong-model"),
        ("uncounted", "uncounted"),
    ],
)
def test_a_fault_of_a_stream(vllm: Server, fault: str, slug: str) -> None:
    vllm.fault = fault
    lines, broken = stream(vllm)
    assert bool(broken) == (fault == "stream-broken")
    assert judge_stream(VLLM, lines, broken=broken)[0].id == f"smoke.{slug}"


def test_another_model_answers(vllm: Server) -> None:
    vllm.fault = "wrong-model"
    assert judge_chat(VLLM, ask(vllm, CHATS, chat_body("qwen"))).id == "smoke.wrong-model"


def test_open_doors(vllm: Server, litellm: Server) -> None:
    vllm.fault = litellm.fault = "open"
    assert judge_keyless(VLLM, ask(vllm, "/v1/models", key="")).id == "smoke.open"
    assert judge_keyless(LITELLM, ask(litellm, "/v1/models", key="")).id == "smoke.open"


def test_the_key_of_vllm_guards_v1_alone(vllm: Server) -> None:
    assert [ask(vllm, path, key="").status for path in ("/health", "/version", "/v1/models", "/nowhere")] == [
        200, 200, 401, 404,
    ]  # fmt: skip
    assert ask(vllm, "/invocations", chat_body("qwen"), key="").status == 200


def test_a_model_without_a_tool_parser(litellm: Server, gateway: Litellm) -> None:
    gateway.aliases["qwen"].tools = False
    with Server(Vllm("qwen", KEY, tools=False)) as vllm:
        direct = judge_tool_call(VLLM, ask(vllm, CHATS, chat_body("qwen", tools=True)))
    behind = judge_tool_call(LITELLM, ask(litellm, CHATS, chat_body("qwen", tools=True), MASTER))
    assert direct.id == behind.id == "smoke.no-tool-parser"


def test_late_and_silent_servers_keep_a_caller_waiting(vllm: Server) -> None:
    vllm.late_s = 0.2
    vllm.fault = "late"
    headers = {"Authorization": f"Bearer {KEY}"}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(vllm.url + CHATS, json={}, headers=headers, timeout=0.05)
    assert ask(vllm, CHATS, chat_body(vllm.app.model)).status == 200  # type: ignore[attr-defined]
    vllm.fault = "silent"
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(vllm.url + CHATS, json={}, headers={"Authorization": f"Bearer {KEY}"}, timeout=0.05)


def test_it_closes_though_somebody_waits() -> None:
    server = Server(Vllm("qwen", fault="silent"))
    with httpx.Client(timeout=0.05) as idle:
        idle.get(f"{server.url}/health")
        with pytest.raises(httpx.ReadTimeout):
            idle.get(f"{server.url}/v1/models")
        begun = time.monotonic()
        server.close()
    assert time.monotonic() - begun < 1


def test_a_fault_that_is_none_is_an_error(vllm: Server) -> None:
    with pytest.raises(ValueError, match="no such fault: blanc; there are"):
        vllm.fault = "blanc"


def test_what_was_asked_is_kept(vllm: Server) -> None:
    ask(vllm, f"{CHATS}?a=b", chat_body("qwen"))
    seen = vllm.seen[0]
    assert (seen.method, seen.path, seen.query, seen.key) == ("POST", CHATS, {"a": ["b"]}, KEY)
    assert seen.body == chat_body("qwen")


def test_the_shapes_are_the_real_ones(vllm: Server, litellm: Server) -> None:
    chat = json.loads(ask(litellm, CHATS, chat_body("qwen"), MASTER).body)
    real = json.loads(CHAT)
    assert chat.keys() == real.keys()
    assert chat["choices"][0].keys() == real["choices"][0].keys()
    assert chat["choices"][0]["message"].keys() == real["choices"][0]["message"].keys()
    assert json.loads(ask(vllm, CHATS, {}, "wrong").body) == json.loads(UNAUTHORIZED)
    assert shape(json.loads(ask(vllm, CHATS, chat_body("nope")).body)) == shape(json.loads(NO_MODEL))
    assert shape(json.loads(ask(litellm, CHATS, {}, "sk-x").body)) == shape(json.loads(UNKNOWN_KEY))


def test_a_key_is_minted_and_deleted(litellm: Server) -> None:
    key = mint(litellm, key_alias="smoke-1", max_budget=0.05, duration="60s", models=["qwen"])
    assert ask(litellm, CHATS, chat_body("qwen"), key).status == 200
    deleted = ask(litellm, "/key/delete", {"keys": [key]}, MASTER)
    assert json.loads(deleted.body)["deleted_keys"] == [key]
    assert kind(ask(litellm, CHATS, chat_body("qwen"), key)) == (401, "token_not_found_in_db")
    assert ask(litellm, "/key/delete", {"keys": [key]}, MASTER).status == 404


def kind(reply: Answer) -> tuple[int, str]:
    return reply.status, json.loads(reply.body)["error"]["type"]


def test_a_virtual_key_is_refused_for_what_it_is(litellm: Server, gateway: Litellm) -> None:
    now = 1795360049.0
    gateway.keys.now = lambda: now
    key = mint(litellm, models=["embeddings"], duration="1m")
    assert kind(ask(litellm, CHATS, chat_body("qwen"), key)) == (403, "key_model_access_denied")
    assert kind(ask(litellm, "/key/generate", {}, key)) == (401, "auth_error")
    assert kind(ask(litellm, CHATS, chat_body("qwen"), "wrong")) == (401, "auth_error")
    assert kind(ask(litellm, CHATS, chat_body("nope"), MASTER)) == (400, "invalid_request_error")
    now += 60
    assert kind(ask(litellm, CHATS, chat_body("qwen"), key)) == (401, "expired_key")


@pytest.mark.parametrize(
    ("budget", "price", "statuses"),
    [(0, 0.0, [422, 422]), (0.00001, 0.0001, [200, 422]), (0.00001, 0.0, [200, 200]), (None, 1.0, [200, 200])],
    ids=["nothing", "less than a call", "a model without a price", "no budget"],
)
def test_a_budget_ends(
    litellm: Server, gateway: Litellm, budget: float | None, price: float, statuses: list[int]
) -> None:
    gateway.aliases["qwen"].price = price
    key = mint(litellm, max_budget=budget)
    replies = [ask(litellm, CHATS, chat_body("qwen"), key) for _ in statuses]
    assert [reply.status for reply in replies] == statuses
    if 422 in statuses:
        assert shape(json.loads(replies[-1].body)) == shape(json.loads(BUDGET))


def test_failures_behind_the_gateway(litellm: Server, gateway: Litellm) -> None:
    gateway.aliases["qwen"].refuses = True
    assert judge_chat(LITELLM, ask(litellm, CHATS, chat_body("qwen"), MASTER)).id == "smoke.backend-key"
    gateway.aliases["qwen"].up = False
    assert judge_chat(LITELLM, ask(litellm, CHATS, chat_body("qwen"), MASTER)).id == "smoke.backend-down"


def test_without_a_database_the_master_key_alone_is_good(litellm: Server, gateway: Litellm) -> None:
    gateway.database = False
    assert ask(litellm, CHATS, chat_body("qwen"), MASTER).status == 200
    for key, path in (("sk-wrong", CHATS), (MASTER, "/key/generate")):
        assert judge_chat(LITELLM, ask(litellm, path, {}, key)).id == "smoke.no-database"
    assert json.loads(ask(litellm, "/health/readiness", key="").body) == {"status": "healthy", "db": "Not connected"}


def test_the_aliases_with_what_stands_behind_them(litellm: Server) -> None:
    for path in ("/model/info", "/v1/model/info"):
        data = json.loads(ask(litellm, path, key=MASTER).body)["data"]
        assert [(each["model_name"], each["litellm_params"]["model"], each["model_info"]["mode"]) for each in data] == [
            ("qwen", "openai/tiny-qwen2", None),
            ("embeddings", "openai/bge", "embedding"),
        ]


def test_keys_have_faults_of_their_own(litellm: Server, gateway: Litellm) -> None:
    litellm.fault = "429"
    assert ask(litellm, "/key/generate", {}, MASTER).status == 200
    litellm.fault, gateway.admin_fault = "", "500"
    assert ask(litellm, "/key/generate", {}, MASTER).status == 500
    assert ask(litellm, CHATS, chat_body("qwen"), MASTER).status == 200


@pytest.mark.parametrize("kind_of", ["vllm", "litellm"])
def test_a_program_of_its_own(kind_of: str) -> None:
    arguments = ["--kind", kind_of, "--model", "qwen", "--key", KEY, "--fault", "blank"]
    command = [sys.executable, "-m", "tests.serving.server", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout
            url = f"http://127.0.0.1:{int(program.stdout.readline())}"
            headers = {"Authorization": f"Bearer {KEY}"}
            reply = httpx.post(url + CHATS, json=chat_body("qwen"), headers=headers, timeout=5)
            assert reply.json()["choices"][0]["message"]["content"].isspace()
        finally:
            program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=5) == 0
