"""What counts as an answer: every false green of the old smoke is one of these cases."""

from collections.abc import Callable
from typing import Any

import pytest

from aiops.judge.answers.chat import judge_chat, judge_completion
from aiops.judge.answers.embedding import judge_embedding
from aiops.judge.answers.question import auto_bodies, chat_body, completion_body, embedding_body
from aiops.judge.answers.reply import Asked
from aiops.judge.answers.tool_call import judge_auto, judge_tool_call
from aiops.judge.finding import Finding
from tests.judge.answers import (
    CHAT,
    COMPLETION,
    EMBEDDING,
    LITELLM,
    LOGIN,
    MISSING,
    TOOL_CALL,
    UNAUTHORIZED,
    VLLM,
    Answer,
    answer,
    good,
)

Judge = Callable[[Asked, Answer], Finding]
KINDS: dict[str, tuple[Judge, str, str]] = {
    "chat": (judge_chat, CHAT, 'answers 200 in 0.4 s: "pong", 10 + 2 tokens'),
    "completion": (judge_completion, COMPLETION, 'answers 200 in 0.4 s: "4, 5, 6", 7 + 16 tokens'),
    "embedding": (judge_embedding, EMBEDDING, "answers 200 in 0.4 s: a vector of 3, 3 tokens"),
    "tool-call": (judge_tool_call, TOOL_CALL, 'answers 200 in 0.4 s: get_weather({"city": "Rome"}), 60 + 20 tokens'),
}
CONTENT, TEXT, VECTOR = "choices__0__message__content", "choices__0__text", "data__0__embedding"
CALLS, MESSAGE = "choices__0__message__tool_calls", "choices__0__message"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("asked", [VLLM, LITELLM], ids=["direct", "gateway"])
def test_good_answers_say_what_was_measured(kind: str, asked: Asked) -> None:
    judge, body, symptom = KINDS[kind]
    finding = judge(asked, good(body))
    assert (finding.status, finding.id) == ("ok", f"smoke.{kind}")
    assert finding.symptom == f"{asked.who} {symptom}"


@pytest.mark.parametrize(("judge", "body"), [case[:2] for case in KINDS.values()], ids=KINDS)
@pytest.mark.parametrize(
    ("reply", "slug"),
    [
        (answer(401, UNAUTHORIZED), "unauthorized"),
        (answer(200, LOGIN, content_type="text/html"), "html"),
        (answer(200, "pong"), "not-an-answer"),
        (answer(200, "[]"), "not-an-answer"),
        (answer(200, '{"choices":[],"data":[]}'), "not-an-answer"),
        (answer(200, '{"choices":{"0":{}},"data":"x"}'), "not-an-answer"),
        (answer(200, '{"choices":[null],"data":[null]}'), None),
    ],
)
def test_what_is_no_answer_at_all(judge: Judge, body: str, reply: Answer, slug: str | None) -> None:
    finding = judge(VLLM, reply)
    assert finding.status == "fail"
    assert slug is None or finding.id == f"smoke.{slug}"


@pytest.mark.parametrize(
    ("judge", "body", "changes", "slug"),
    [
        (judge_chat, CHAT, {CONTENT: None}, "null"),
        (judge_chat, CHAT, {CONTENT: MISSING}, "null"),
        (judge_chat, CHAT, {CONTENT: ["pong"]}, "null"),
        (judge_chat, CHAT, {MESSAGE: None}, "null"),
        (judge_chat, CHAT, {CONTENT: ""}, "blank"),
        (judge_chat, CHAT, {CONTENT: " \n\t\u00a0"}, "blank"),
        (judge_chat, CHAT, {CONTENT: "", "choices__0__finish_reason": "length"}, "blank"),
        (judge_completion, COMPLETION, {TEXT: None}, "null"),
        (judge_completion, COMPLETION, {TEXT: "  "}, "blank"),
        (judge_embedding, EMBEDDING, {VECTOR: []}, "no-vector"),
        (judge_embedding, EMBEDDING, {VECTOR: None}, "no-vector"),
        (judge_embedding, EMBEDDING, {VECTOR: "AACAPg=="}, "no-vector"),
        (judge_embedding, EMBEDDING, {VECTOR: [0.5, float("nan")]}, "no-vector"),
        (judge_embedding, EMBEDDING, {VECTOR: [0.5, float("inf")]}, "no-vector"),
        (judge_embedding, EMBEDDING, {VECTOR: [0.5, None]}, "no-vector"),
        (judge_embedding, EMBEDDING, {VECTOR: [True]}, "no-vector"),
        (judge_embedding, EMBEDDING, {VECTOR: [0, 0.0]}, "no-vector"),
        (judge_tool_call, TOOL_CALL, {CALLS: None}, "no-tool-call"),
        (judge_tool_call, TOOL_CALL, {CALLS: []}, "no-tool-call"),
        (judge_tool_call, TOOL_CALL, {CALLS: ["x"]}, "no-tool-call"),
        (judge_tool_call, TOOL_CALL, {f"{CALLS}__0__function": None}, "no-tool-call"),
        (judge_tool_call, TOOL_CALL, {f"{CALLS}__0__function__name": "get_time"}, "no-tool-call"),
        (judge_tool_call, TOOL_CALL, {f"{CALLS}__0__function__arguments": '{"city": '}, "bad-arguments"),
        (judge_tool_call, TOOL_CALL, {f"{CALLS}__0__function__arguments": "6355"}, "bad-arguments"),
        (judge_tool_call, TOOL_CALL, {f"{CALLS}__0__function__arguments": '{"a": Infinity}'}, "bad-arguments"),
        (judge_tool_call, TOOL_CALL, {f"{CALLS}__0__function__arguments": None}, "bad-arguments"),
        (judge_tool_call, TOOL_CALL, {f"{CALLS}__0__function__arguments": {"city": "Rome"}}, "bad-arguments"),
    ],
)
def test_an_answer_without_content(judge: Judge, body: str, changes: dict[str, Any], slug: str) -> None:
    for asked in (VLLM, LITELLM):
        finding = judge(asked, good(body, **changes))
        assert (finding.status, finding.id) == ("fail", f"smoke.{slug}")
        assert "None" not in finding.symptom


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_body_in_a_bad_answer_is_none(kind: str) -> None:
    judge, body, _ = KINDS[kind]
    assert judge(VLLM, answer(500, body)).id == "smoke.server-error"
    assert judge(VLLM, answer(200, body, content_type="text/html")).id == "smoke.html"


@pytest.mark.parametrize("kind", KINDS)
def test_asked_directly_a_model_answers_by_its_name(kind: str) -> None:
    judge, body, _ = KINDS[kind]
    assert judge(VLLM, good(body, model="other")).id == "smoke.wrong-model"
    assert judge(VLLM, good(body, model=MISSING)).id == "smoke.wrong-model"
    assert judge(LITELLM, good(body, model="openai/backend-name")).status == "ok"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("usage", [MISSING, None, {}, {"prompt_tokens": 0, "completion_tokens": 2}, "12", {"x": True}])
def test_uncounted_tokens_are_a_warning(kind: str, usage: object) -> None:
    judge, body, _ = KINDS[kind]
    finding = judge(VLLM, good(body, usage=usage))
    assert (finding.status, finding.id) == ("warn", "smoke.uncounted")


@pytest.mark.parametrize("made", [0, True, None, "2", -1])
def test_generated_tokens_are_counted_but_for_embeddings(made: object) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": made}
    found = {kind: judge(VLLM, good(body, usage=usage)).status for kind, (judge, body, _) in KINDS.items()}
    assert found == {"chat": "warn", "completion": "warn", "embedding": "ok", "tool-call": "warn"}


def test_a_text_that_max_tokens_ended_is_good() -> None:
    assert judge_chat(VLLM, good(choices__0__finish_reason="length")).status == "ok"


def test_content_is_shown_short_and_printable() -> None:
    finding = judge_chat(VLLM, good(**{CONTENT: "\x1b[31m" + "x" * 80}))
    assert f': "[31m{"x" * 33}...", 10' in finding.symptom


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_a_model_that_was_still_thinking_generates(field: str) -> None:
    thinking = {CONTENT: None, f"choices__0__message__{field}": "The user wants", "choices__0__finish_reason": "length"}
    finding = judge_chat(VLLM, good(**thinking))
    assert (finding.status, finding.id) == ("warn", "smoke.only-thought")
    assert judge_chat(VLLM, good(**{**thinking, "choices__0__finish_reason": "stop"})).id == "smoke.null"


def test_why_no_tool_was_called() -> None:
    long = judge_tool_call(VLLM, good(TOOL_CALL, **{CALLS: None, "choices__0__finish_reason": "length"}))
    other = judge_tool_call(VLLM, good(TOOL_CALL, **{f"{CALLS}__0__function__name": "get_time"}))
    assert long.cause == "it ran out of max_tokens before a call"
    assert "calls get_time, though get_weather was required" in other.symptom


@pytest.mark.parametrize(
    ("judge", "body", "changes", "symptom"),
    [
        (judge_chat, CHAT, {CONTENT: None}, "answers 200 and no text: content is null"),
        (judge_chat, CHAT, {CONTENT: []}, "answers 200 and no text: content is list"),
        (judge_chat, CHAT, {CONTENT: " "}, "answers 200 and a blank text of 1 characters"),
        (judge_chat, CHAT, {"model": "x"}, 'answers as "x", not as qwen'),
        (judge_chat, CHAT, {"model": None}, "answers as no model, not as qwen"),
        (judge_chat, CHAT, {"usage": None}, 'answers without counting its tokens: 200 in 0.4 s: "pong"'),
        (judge_embedding, EMBEDDING, {VECTOR: "AAA"}, "answers 200 and no vector"),
        (judge_embedding, EMBEDDING, {VECTOR: []}, "answers 200 and no vector"),
        (
            judge_embedding,
            EMBEDDING,
            {VECTOR: [1, None]},
            "answers 200 and a vector of 2, of which not all are numbers",
        ),
        (judge_embedding, EMBEDDING, {VECTOR: [0, 0]}, "answers 200 and a vector of 2 zeros"),
        (
            judge_tool_call,
            TOOL_CALL,
            {CALLS: [], "choices__0__finish_reason": None},
            "calls no tool, though get_weather was required (finish_reason null)",
        ),
        (
            judge_tool_call,
            TOOL_CALL,
            {f"{CALLS}__0__function__arguments": None},
            'calls get_weather with arguments that are no JSON object: "null"',
        ),
    ],
)
def test_what_was_answered_is_said(judge: Judge, body: str, changes: dict[str, Any], symptom: str) -> None:
    assert judge(VLLM, good(body, **changes)).symptom == f"Deployment serving/vllm-qwen {symptom}"


def test_one_of_several_calls_is_enough() -> None:
    body = good(TOOL_CALL, **{f"{CALLS}__0__function__name": "get_time"})
    both = f'{TOOL_CALL.partition("tool_calls")[0]}tool_calls":[{{"function":{{"name":"get_time","arguments":"x"}}}},'
    assert judge_tool_call(VLLM, body).status == "fail"
    assert judge_tool_call(VLLM, answer(200, both + TOOL_CALL.partition('"tool_calls":[')[2])).status == "ok"


UNPARSED = {
    "tools": '<tools>\n{"name": "get_weather", "arguments": {"city": "Rome"}}\n</tools>',
    "tool_call": "<tool_call>\n{'name': 'get_weather'}\n</tool_call>",
    "block": 'Sure.\n```json\n{\n  "name": "get_weather",\n  "arguments": {"city": "Rome"}\n}\n```',
    "nested": '{"type": "function", "function": {"name": "get_weather", "parameters": {"city": "Rome"}}}',
}
PROSE = 'I cannot know. The tool "get_weather" could tell {if it were called}.'


def saying(text: object, **changes: Any) -> Answer:
    """An answer without a tool call."""
    return good(TOOL_CALL, **{CALLS: [], CONTENT: text, **changes})


@pytest.mark.parametrize("text", UNPARSED.values(), ids=UNPARSED)
@pytest.mark.parametrize("calls", [None, []], ids=["null", "empty"])
def test_calls_that_stay_in_the_text_reach_no_client(text: str, calls: object) -> None:
    bad, called, who = saying(text, **{CALLS: calls}), good(TOOL_CALL), VLLM.who
    for replies, share in (([bad] * 3, 3), ([bad, called, bad], 2), ([saying(PROSE), bad, bad], 2)):
        finding = judge_auto(VLLM, replies)
        assert (finding.status, finding.id) == ("warn", "smoke.tool-call-in-text")
        assert f"{who} leaves tool calls in the text in {share} of 3 answers to tool_choice auto: " in finding.symptom
        assert "\n" not in finding.symptom
        assert "get_weather" in str(finding.evidence[0])
        assert finding.cause.endswith("tool_choice required works")
        assert "aiops runbook tool-calls-parsed" in finding.fix


@pytest.mark.parametrize(
    ("replies", "said"),
    [
        ([good(TOOL_CALL)] * 3, "3 of 3 answers to tool_choice auto"),
        ([saying(PROSE)] * 3, "0 of 3 answers to tool_choice auto, and may do without"),
        ([saying(None)] * 3, "0 of 3 answers to tool_choice auto, and may do without"),
        ([good(TOOL_CALL, **{f"{CALLS}__0__function__name": "get_time"})] * 3, "0 of 3"),
        ([good(TOOL_CALL), saying(UNPARSED["block"]), good(TOOL_CALL)], "2 of 3 answers to tool_choice auto, and has"),
        ([good(TOOL_CALL, **{CONTENT: UNPARSED["tools"]})] * 3, "3 of 3"),
        ([saying("<tool_call>{", choices__0__finish_reason="length")] * 3, "0 of 3"),
    ],
    ids=["called", "prose", "null", "another", "one of three", "both", "cut short"],
)
def test_a_model_that_may_call_a_tool_need_not(replies: list[Answer], said: str) -> None:
    finding = judge_auto(VLLM, replies)
    assert (finding.status, finding.id) == ("ok", "smoke.auto-tool-call")
    assert f"{VLLM.who} calls get_weather in {said}" in finding.symptom


def test_where_it_may_call_a_tool_no_answer_is_a_failure_all_the_same() -> None:
    finding = judge_auto(VLLM, [good(TOOL_CALL), answer(500, UNAUTHORIZED), saying(UNPARSED["tools"])])
    assert (finding.status, finding.id) == ("fail", "smoke.server-error")


def test_what_nobody_can_know_without_the_tool_is_asked_three_times() -> None:
    """Not strict: with it vLLM would hold the model to the form that its parser reads."""
    bodies = auto_bodies("m")
    assert len({body["messages"][0]["content"] for body in bodies}) == 3
    (strict,) = chat_body("m", tools=True)["tools"]
    for body in bodies:
        assert (body["model"], body["tool_choice"]) == ("m", "auto")
        (tool,) = body["tools"]
        assert {**tool["function"], "strict": True} == strict["function"]
        assert "strict" not in tool["function"]


def test_the_smallest_question_in_full() -> None:
    assert chat_body("m", stream=True) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Reply with one word: pong"}],
        "max_tokens": 16,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert completion_body("m") == {"model": "m", "prompt": "1, 2, 3,", "max_tokens": 16, "temperature": 0}
    assert embedding_body("m") == {"model": "m", "input": "ping", "encoding_format": "float"}


def test_what_is_asked_is_small_and_always_the_same() -> None:
    bodies = [chat_body("m"), chat_body("m", stream=True), chat_body("m", tools=True), completion_body("m")]
    assert [body["max_tokens"] for body in bodies] == [16, 16, 64, 16]
    bodies += auto_bodies("m")
    assert {body["max_tokens"] for body in bodies[4:]} == {256}
    assert {body["temperature"] for body in bodies} == {0}
    assert {body["model"] for body in (*bodies, embedding_body("m"))} == {"m"}


def test_only_a_stream_has_options_of_streams_which_vllm_refuses_elsewhere() -> None:
    assert chat_body("m", stream=True)["stream_options"] == {"include_usage": True}
    assert not {"stream", "stream_options"} & chat_body("m").keys()


def test_the_tool_that_is_offered_is_the_one_that_is_judged() -> None:
    body = chat_body("m", tools=True)
    assert body["tool_choice"] == "required"
    assert body["tools"][0]["type"] == "function"
    function = body["tools"][0]["function"]
    assert (function["name"], function["strict"]) == ("get_weather", True)
    assert function["parameters"] == {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    }
    assert "tools" not in chat_body("m")
