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
    message: Json = {"role": "assistant", "content": content, "tool_calls": list(tool_calls)}
    if gateway:
        message["provider_specific_fields"] = {"refusal": None, "reasoning": None}
        if not tool_calls:
            del message["tool_calls"]
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
        "usage": usage(),
        **({} if gateway else dict.fromkeys(("service_tier", "prompt_logprobs", "kv_transfer_params", "metrics"))),
    }


NULLS: Json = dict.fromkeys(("logprobs", "stop_reason", "token_ids", "routed_experts"))


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
    """A stream of chat: vLLM begins with an empty text, and its chunk of the usage has no choices."""
    texts = [_chunk(model, [_delta({"content": piece})]) for piece in pieces]
    texts.insert(0, _chunk(model, [_delta({"role": "assistant", "content": ""})]))
    texts.append(_chunk(model, [_delta({"content": ""}, "stop")]))
    if counted:
        none: list[Json] = [{"index": 0, "delta": {}}] if gateway else []
        texts.append(_chunk(model, none) | {"usage": usage(10, len(pieces))})
    return [*map(event, texts), b"data: [DONE]\n\n"]


def event(chunk: Json) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def _chunk(model: str, choices: list[Json]) -> Json:
    about = {"id": "chatcmpl-bb24", "object": "chat.completion.chunk", "created": CREATED, "model": model}
    return {**about, "choices": choices}


def _delta(delta: Json, end: str | None = None) -> Json:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": end}


def vllm_error(status: int, message: str, kind: str, param: str | None = None) -> Json:
    """Its code is a number."""
    return {"error": {"message": message, "type": kind, "param": param, "code": status}}


def litellm_error(status: int, message: str, kind: str, param: str | None = None) -> Json:
    """Its code is a text."""
    return {"error": {"message": message, "type": kind, "param": param, "code": str(status)}}


UNAUTHORIZED: Json = {"error": "Unauthorized"}
"""vLLM's 401: the error is a bare string."""
NOT_FOUND: Json = {"detail": "Not Found"}
"""FastAPI's own."""
LOGIN = b"<!DOCTYPE html>\n<html><head><title>Log in</title></head><body></body></html>"
