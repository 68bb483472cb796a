"""Bodies as vLLM 0.32.0 and LiteLLM 1.106.2 were seen to send them."""

import json
from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]

CREATED = 1795360049
ARGUMENTS = '{"city": "Rome"}'


def usage(prompt: int = 10, completion: int = 2) -> Json:
    return {"completion_tokens": completion, "prompt_tokens": prompt, "total_tokens": prompt + completion}


def chat(model: str, content: str | None, *, gateway: bool = False, tool_calls: Sequence[Json] = ()) -> Json:
    """A chat completion; vLLM's has nulls where LiteLLM's has fields of its own."""
    message: Json = {"role": "assistant", "content": content}
    if tool_calls:
        message["tool_calls"] = list(tool_calls)
    if gateway:
        message["provider_specific_fields"] = {"refusal": None, "reasoning": None}
    else:
        message |= dict.fromkeys(("refusal", "annotations", "audio", "function_call", "reasoning"))
    choice: Json = {"finish_reason": "tool_calls" if tool_calls else "stop", "index": 0, "message": message}
    choice |= {"provider_specific_fields": {"stop_reason": None, "token_ids": None}} if gateway else NULLS
    return {
        "id": "chatcmpl-bb24",
        "created": CREATED,
        "model": model,
        "object": "chat.completion",
        "system_fingerprint": "vllm-0.32.0-65c383db",
        "choices": [choice],
        "usage": usage() | ({} if gateway else COUNTS),
        **({} if gateway else dict.fromkeys(REST)),
    }


NULLS: Json = dict.fromkeys(("logprobs", "stop_reason", "token_ids", "routed_experts"))
COUNTS: Json = dict.fromkeys(("prompt_tokens_details", "completion_tokens_details"))
REST = (
    "service_tier", "prompt_logprobs", "prompt_token_ids", "prompt_text", "kv_transfer_params", "ec_transfer_params",
    "metrics",
)  # fmt: skip


def call(name: str, arguments: str = ARGUMENTS) -> Json:
    return {"id": "chatcmpl-tool-1", "type": "function", "function": {"name": name, "arguments": arguments}}


def completion(model: str, text: str | None) -> Json:
    choice = {"index": 0, "text": text, "finish_reason": "length", "logprobs": None, "stop_reason": None}
    return {
        "id": "cmpl-bb24",
        "object": "text_completion",
        "created": CREATED,
        "model": model,
        "choices": [choice],
        "usage": usage(7, 16),
    }


def embedding(model: str, vector: Sequence[float]) -> Json:
    return {
        "id": "embd-bb24",
        "object": "list",
        "created": CREATED,
        "model": model,
        "data": [{"index": 0, "object": "embedding", "embedding": list(vector)}],
        "usage": {"prompt_tokens": 3, "total_tokens": 3, "completion_tokens": 0, "prompt_tokens_details": None},
    }


def chunks(model: str, pieces: Sequence[str], *, gateway: bool = False, counted: bool = True) -> list[bytes]:
    """A stream of chat: it begins with an empty text, and vLLM's chunk of the usage has no choices."""
    texts = [_chunk(model, [_delta({"content": piece}, gateway)]) for piece in pieces]
    texts.insert(0, _chunk(model, [_delta({"role": "assistant", "content": ""}, gateway)]))
    texts.append(_chunk(model, [_delta({}, gateway) | {"finish_reason": "stop"}]))
    if counted:
        none: list[Json] = [{"index": 0, "delta": {}}] if gateway else []
        texts.append(_chunk(model, none) | {"usage": usage(10, len(pieces))})
    return [*map(event, texts), b"data: [DONE]\n\n"]


def event(chunk: Json) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def _chunk(model: str, choices: list[Json]) -> Json:
    about = {"id": "chatcmpl-bb24", "object": "chat.completion.chunk", "created": CREATED, "model": model}
    return {**about, "choices": choices}


def _delta(delta: Json, gateway: bool) -> Json:
    return {"index": 0, "delta": delta, **({} if gateway else {"logprobs": None, "finish_reason": None})}


def vllm_error(status: int, message: str, kind: str, param: str | None = None) -> Json:
    """Its code is a number."""
    return {"error": {"message": message, "type": kind, "param": param, "code": status}}


def litellm_error(status: int, message: str, kind: str, param: str | None = None) -> Json:
    """Its code is a text."""
    return {"error": {"message": message, "type": kind, "param": param, "code": str(status)}}


def litellm_behind(words: str, alias: str) -> str:
    """How it ends the words of a backend."""
    return f"{words}\n\nLiteLLM: model group '{alias}' failed with the error above. No fallback was attempted."


def litellm_denied(alias: str) -> str:
    """What it says to a key that may not use a model."""
    return (
        f"The requested model '{alias}' is not available for this API key, or the model name is invalid. "
        "Check the models available to you and try again."
    )


UNAUTHORIZED: Json = {"error": "Unauthorized"}
"""vLLM's 401: the error is a bare string."""
NOT_FOUND: Json = {"detail": "Not Found"}
"""FastAPI's own."""
LOGIN = b"<!DOCTYPE html>\n<html><head><title>Log in</title></head><body></body></html>"
