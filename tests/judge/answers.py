"""Answers of a real vLLM 0.32.0 and LiteLLM 1.106.2, as they were measured; and replies made of them."""

import json
from dataclasses import dataclass
from typing import Any

from aiops.judge.answers.reply import Asked
from tests.judge.saved import changed

VLLM = Asked(who="Deployment serving/vllm-qwen", model="qwen", gateway=False)
LITELLM = Asked(who="LiteLLM", model="qwen", gateway=True)

CHAT = (
    '{"id":"chatcmpl-bb24","created":1795360049,"model":"qwen","object":"chat.completion",'
    '"system_fingerprint":"vllm-0.32.0-65c383db","choices":[{"finish_reason":"stop","index":0,"message":{"content":'
    '"pong","role":"assistant","provider_specific_fields":{}},"provider_specific_fields":{}}],'
    '"usage":{"completion_tokens":2,"prompt_tokens":10,"total_tokens":12}}'
)
COMPLETION = (
    '{"id":"cmpl-bb24","object":"text_completion","created":1795360049,"model":"qwen","choices":[{"index":0,'
    '"text":" 4, 5, 6","finish_reason":"length"}],"usage":{"completion_tokens":16,"prompt_tokens":7}}'
)
EMBEDDING = (
    '{"object":"list","data":[{"object":"embedding","embedding":[0.25,-0.5,0],"index":0}],"model":"qwen",'
    '"usage":{"prompt_tokens":3,"total_tokens":3}}'
)
TOOL_CALL = (
    '{"model":"qwen","object":"chat.completion","choices":[{"finish_reason":"stop","index":0,"message":{"content":"",'
    '"role":"assistant","tool_calls":[{"id":"chatcmpl-tool-1","type":"function","function":{"name":"get_weather",'
    '"arguments":"{\\"city\\": \\"Rome\\"}"}}]}}],"usage":{"completion_tokens":20,"prompt_tokens":60}}'
)
UNAUTHORIZED = '{"error":"Unauthorized"}'
NO_KEY = (
    '{"error":{"message":"Authentication Error, No api key passed in.",'
    '"type":"auth_error","param":"None","code":"401"}}'
)
UNKNOWN_KEY = (
    '{"error":{"message":"Authentication Error, Invalid proxy server token passed. Received API Key = sk-...h3LA, Key '
    "Hash (Token) =2ab0" + 60 * "f" + ". Unable to find token in cache or `LiteLLM_VerificationTokenTable`"
    '","type":"token_not_found_in_db","param":"key","code":"401"}}'
)
BUDGET = (
    '{"error":{"message":"Budget has been exceeded! Key=smoke-1 (sk-...h3LA) Current cost: 0.05600000000000295, '
    'Max budget: 0.05","type":"budget_exceeded","param":null,"code":"422"}}'
)
NO_MODEL = (
    '{"error":{"message":"The model `nope` does not exist. Valid aliases: tiny-qwen2.",'
    '"type":"NotFoundError","param":"model","code":404}}'
)
NOT_FOUND = '{"detail":"Not Found"}'
NO_DATABASE = '{"error":{"message":"No connected db.","type":"no_db_connection","param":null,"code":"400"}}'
LOGIN = "<!DOCTYPE html>\n<html><head><title>Log in</title></head></html>"


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    content_type: str = "application/json"
    retry_after: str = ""
    seconds: float = 0.4


def answer(status: int, body: str = "", **more: Any) -> Answer:
    return Answer(status, body.encode(), **more)


def good(body: str = CHAT, /, **changes: Any) -> Answer:
    """A 200, with other values at paths, in which `__` stands for a dot: `choices__0__message__content`."""
    found = json.loads(body)
    for path, value in changes.items():
        found = _without(found, path) if value is MISSING else _with(found, path, value)
    return answer(200, json.dumps(found))


MISSING = object()


def _with(body: Any, path: str, value: Any) -> Any:
    *parents, last = (int(key) if key.isdecimal() else key for key in path.split("__"))
    place = body
    for key in parents:
        place = place[key]
    place[last] = value
    return body


def _without(body: Any, path: str) -> Any:
    return changed(body, path.replace("__", "."), None)


def error(message: str, kind: str | None = None, code: object = "400") -> str:
    """A refusal in the shape that vLLM and LiteLLM share."""
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})
