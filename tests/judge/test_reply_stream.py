"""A stream has begun, gone on, and come to its end."""

import json
from typing import Any

import pytest

from aiops.judge.answers.stream import Stream, judge_stream
from tests.judge.answers import CHAT, LITELLM, LOGIN, VLLM, error

DONE = b"data: [DONE]"
USAGE = {"completion_tokens": 5, "prompt_tokens": 10, "total_tokens": 15}
NO_CHOICES: dict[str, Any] = {"model": "qwen", "choices": [], "usage": USAGE}
"""vLLM's last chunk."""
AN_EMPTY_CHOICE: dict[str, Any] = {"model": "qwen", "choices": [{"index": 0, "delta": {}}], "usage": USAGE}
"""LiteLLM's."""

MEASURED = {
    "vLLM 0.32.0": (
        b'data: {"id":"chatcmpl-bbd4","object":"chat.completion.chunk","created":1795536461,"model":"qwen","choices":'
        b'[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],'
        b'"prompt_token_ids":null,"prompt_text":null}',
        b'data: {"id":"chatcmpl-bbd4","object":"chat.completion.chunk","created":1795536461,"model":"qwen","choices":'
        b'[{"index":0,"delta":{"content":"pong"},"logprobs":null,"finish_reason":null,"token_ids":null}]}',
        b'data: {"id":"chatcmpl-bbd4","object":"chat.completion.chunk","created":1795536461,"model":"qwen","choices":'
        b'[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop","stop_reason":null,"token_ids":null}]}',
        b'data: {"id":"chatcmpl-bbd4","object":"chat.completion.chunk","created":1795536461,"model":"qwen","choices":'
        b'[],"usage":{"prompt_tokens":27,"total_tokens":29,"completion_tokens":2},"system_fingerprint":"vllm-0.32.0"}',
    ),
    "LiteLLM 1.106.2": (
        b'data: {"id":"chatcmpl-94bc","object":"chat.completion.chunk","created":1795537630,"model":"qwen","choices":'
        b'[{"index":0,"delta":{"role":"assistant","content":""}}]}',
        b'data: {"id":"chatcmpl-94bc","object":"chat.completion.chunk","created":1795537630,"model":"qwen","choices":'
        b'[{"index":0,"delta":{"content":"pong"}}]}',
        b'data: {"id":"chatcmpl-94bc","object":"chat.completion.chunk","created":1795537630,"model":"qwen","choices":'
        b'[{"index":0,"delta":{},"finish_reason":"stop"}]}',
        b'data: {"id":"chatcmpl-94bc","created":1795537630,"model":"qwen","object":"chat.completion.chunk",'
        b'"system_fingerprint":"vllm-0.32.0","choices":[{"index":0,"delta":{}}],"usage":{"completion_tokens":2,'
        b'"prompt_tokens":27,"total_tokens":29,"completion_tokens_details":{"reasoning_tokens":0,"text_tokens":2},'
        b'"cost":0.0000165}}',
    ),
}
"""As they were measured: the second of the two tokens is the end."""

Lines = list[tuple[float, bytes]]


def piece(text: str | None, **more: Any) -> dict[str, Any]:
    return {"model": "qwen", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None, **more}]}


def lines(*chunks: dict[str, Any] | bytes, start: float = 1.0) -> Lines:
    """Each half a second after the one before, with the empty line that ends an event."""
    found: Lines = []
    for number, chunk in enumerate(chunks):
        at = start + number / 2
        found += [(at, chunk if isinstance(chunk, bytes) else b"data: " + json.dumps(chunk).encode()), (at, b"")]
    return found


WHOLE = lines(piece(""), piece("po"), piece("n"), piece("g"), NO_CHOICES, DONE)
"""As vLLM begins: with a role, and a text that is empty."""


@pytest.mark.parametrize("usage", [NO_CHOICES, AN_EMPTY_CHOICE], ids=["vLLM", "LiteLLM"])
def test_a_whole_stream(usage: dict[str, Any]) -> None:
    finding, stream = judge_stream(VLLM, lines(piece(""), piece("po"), piece("n"), piece("g"), usage, DONE))
    assert stream == Stream(first_token_s=1.5, tokens=5, tokens_per_second=4.0, text="pong")
    assert (finding.status, finding.id) == ("ok", "smoke.stream")
    assert finding.symptom == (
        'Deployment serving/vllm-qwen streams "pong": its first token after 1.5 s, 5 tokens, 4.0 tokens/s'
    )


@pytest.mark.parametrize("server", MEASURED)
def test_the_end_is_a_token_too(server: str) -> None:
    finding, stream = judge_stream(VLLM, lines(*MEASURED[server], DONE))
    assert stream == Stream(first_token_s=1.5, tokens=2, tokens_per_second=2.0, text="pong")
    assert finding.symptom.endswith('streams "pong": its first token after 1.5 s, 2 tokens, 2.0 tokens/s')


def test_chunks_are_counted_where_the_server_does_not_and_it_is_said() -> None:
    finding, stream = judge_stream(VLLM, lines(piece("po"), piece("ng"), piece("!"), DONE))
    assert stream == Stream(first_token_s=1.0, tokens=3, tokens_per_second=2.0, text="pong!")
    assert (finding.status, finding.id) == ("warn", "smoke.uncounted")
    assert finding.symptom.endswith(": its first token after 1.0 s, 3 chunks, 2.0 chunks/s")


def test_no_speed_without_time() -> None:
    finding, stream = judge_stream(VLLM, [(1.0, line) for _, line in WHOLE])
    assert stream.tokens_per_second is None
    assert finding.symptom.endswith("5 tokens")


@pytest.mark.parametrize(
    ("stream", "slug"),
    [
        (lines(piece(""), piece(None), NO_CHOICES, DONE), "blank"),
        (lines(piece(" "), piece("\n"), NO_CHOICES, DONE), "blank"),
        (lines(DONE), "blank"),
        (WHOLE[:-2], "stream-broken"),
        (lines(piece("po"), b"data: {", piece("ng"), DONE), "stream-broken"),
        (lines(piece("po"), b"data: 7", piece("ng"), DONE), "stream-broken"),
        ([], "stream-broken"),
        (lines(b": ping", b"data:"), "stream-broken"),
        ([(0.1, LOGIN.encode())], "html"),
        ([(0.1, CHAT.encode())], "not-an-answer"),
        ([(0.1, b"")], "not-an-answer"),
        (lines({**piece("pong"), "model": "other"}, NO_CHOICES, DONE), "wrong-model"),
    ],
)
def test_what_is_no_whole_stream(stream: Lines, slug: str) -> None:
    finding, _ = judge_stream(VLLM, stream)
    assert (finding.status, finding.id) == ("fail", f"smoke.{slug}")


def test_how_far_it_came() -> None:
    finding, stream = judge_stream(VLLM, WHOLE[:6], broken="peer closed connection")
    assert finding.id == "smoke.stream-broken"
    assert finding.symptom.endswith("broke off its stream after 2 chunks of text in 2.0 s: peer closed connection")
    assert (stream.first_token_s, stream.text) == (1.5, "pon")


@pytest.mark.parametrize(
    ("stream", "broken", "words"),
    [
        (lines(piece("po")), "cut", "cut"),
        (lines(piece("po")), "", "po"),
        (lines(piece("po"), b"data: {1", b"data: {2", DONE), "", "{1"),
        (lines(b": ping"), "cut", "cut"),
    ],
)
def test_its_last_words(stream: Lines, broken: str, words: str) -> None:
    finding, _ = judge_stream(VLLM, stream, broken=broken)
    assert finding.id == "smoke.stream-broken"
    assert [each.text for each in finding.evidence] == [words]
    assert ("no JSON" in finding.cause) == words.startswith("{")


@pytest.mark.parametrize(("tokens", "speed"), [(1, None), (2, 2.0)])
def test_one_token_has_no_speed(tokens: int, speed: float | None) -> None:
    usage = {"choices": [], "usage": {"completion_tokens": tokens}}
    assert judge_stream(VLLM, lines(piece("po"), piece("ng"), usage, DONE))[1].tokens_per_second == speed


def test_the_last_count_holds_whatever_comes_after_it() -> None:
    counting = [{**piece("po"), "usage": {"completion_tokens": 1}}, NO_CHOICES, {"choices": [], "usage": None}]
    assert judge_stream(VLLM, lines(*counting, DONE))[1].tokens == 5


def test_nothing_came() -> None:
    finding, stream = judge_stream(VLLM, [], broken="read timed out")
    assert finding.symptom.endswith("broke off its stream after nothing at all: read timed out")
    assert stream == Stream(None, 0, None, "")


def test_a_break_after_the_end_is_none() -> None:
    assert judge_stream(VLLM, WHOLE, broken="peer closed connection")[0].status == "ok"


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        (error("Internal server error", "InternalServerError", 500), "server-error"),
        (error("boom", None, None), "server-error"),
        (error("Budget has been exceeded!", "budget_exceeded", "422"), "budget"),
        (error("litellm.ServiceUnavailableError: x", None, "503"), "unavailable"),
        ('{"error":"boom"}', "server-error"),
    ],
)
def test_an_error_in_its_midst_counts_though_the_end_comes(body: str, slug: str) -> None:
    finding, stream = judge_stream(LITELLM, lines(piece("po"), b"data: " + body.encode(), DONE))
    assert (finding.status, finding.id) == ("fail", f"smoke.{slug}")
    assert stream.text == "po"


def test_an_error_of_null_is_none() -> None:
    assert judge_stream(VLLM, lines({**piece("pong"), "error": None}, NO_CHOICES, DONE))[0].status == "ok"


def test_thought_is_generated_too() -> None:
    thought = [{"model": "qwen", "choices": [{"delta": {"reasoning": word}}]} for word in ("The ", "user")]
    end = {"model": "qwen", "choices": [{"delta": {}, "finish_reason": "length"}]}
    finding, stream = judge_stream(VLLM, lines(*thought, end, AN_EMPTY_CHOICE, DONE))
    assert finding.id == "smoke.only-thought"
    assert (stream.first_token_s, stream.text) == (1.0, "")


def test_completions_stream_as_text() -> None:
    finding, stream = judge_stream(VLLM, lines({"model": "qwen", "choices": [{"text": " 4"}]}, NO_CHOICES, DONE))
    assert (finding.status, stream.text) == ("ok", " 4")


def test_lines_may_be_written_otherwise() -> None:
    tight = [(at, line.replace(b"data: ", b"data:") + b"\r\n") for at, line in WHOLE]
    finding, stream = judge_stream(VLLM, [(0.0, b"event: message"), (0.0, b": ping"), *tight])
    assert (finding.status, stream.first_token_s) == ("ok", 1.5)


def test_choices_that_are_none_do_no_harm() -> None:
    odd: list[dict[str, Any]] = [{"choices": None}, {"choices": [None]}, {"choices": [{"delta": None}]}]
    assert judge_stream(VLLM, lines(*odd, piece("pong"), NO_CHOICES, DONE))[0].status == "ok"
