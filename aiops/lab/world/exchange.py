"""One request to a server in a pod, its answer, and the bodies that vLLM 0.32 and LiteLLM 1.106 send."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aiops.lab.api.kinds import Json

TEXT = "pong"
"""What every model says, whatever it is asked."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """As the server sees it."""

    method: str
    path: str
    key: str
    """The bearer token; empty where there is none."""
    body: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A text, or JSON, or a stream of server-sent events."""

    status: int = 200
    body: Json | str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: Sequence[Json] = ()
    """Of a stream, which ends with [DONE]."""


class Server(Protocol):
    """What runs in a container."""

    def answer(self, request: Request) -> Answer:
        """What it says."""


NOT_FOUND = Answer(status=404, body={"detail": "Not Found"})


def usage(prompt: int, completion: int) -> Json:
    """Tokens that were read and made."""
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def chat(model: str, created: int, calls: Sequence[Json] = (), *, content: str | None = TEXT) -> Json:
    """A chat completion of vLLM, with its nulls."""
    absent = ("refusal", "annotations", "audio", "function_call", "reasoning")
    message = {"role": "assistant", "content": content, "tool_calls": [*calls], **dict.fromkeys(absent)}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
    choice |= dict.fromkeys(("logprobs", "stop_reason", "token_ids"))
    body = {"id": "chatcmpl-lab", "object": "chat.completion", "created": created, "model": model}
    return {**body, "choices": [choice], "usage": usage(10, 2), "service_tier": None, "prompt_logprobs": None}


def chat_chunks(model: str, created: int, *, counted: bool) -> list[Json]:
    """The same as a stream: an empty text, the text, the end, and the usage in a chunk without choices."""
    about = {"id": "chatcmpl-lab", "object": "chat.completion.chunk", "created": created, "model": model}
    deltas: list[tuple[Json, str | None]] = [
        ({"role": "assistant", "content": ""}, None), ({"content": TEXT[:2]}, None), ({"content": TEXT[2:]}, None),
        ({}, "stop"),
    ]  # fmt: skip
    chunks = [{**about, "choices": [{"index": 0, "delta": each, "finish_reason": end}]} for each, end in deltas]
    return [*chunks, *([{**about, "choices": [], "usage": usage(10, 2)}] if counted else [])]


def tool_call(tool: Json) -> Json:
    """A call of a tool, with a text for each argument that it demands."""
    function = tool["function"]
    names = (function.get("parameters") or {}).get("required") or ()
    arguments = ", ".join(f'"{name}": "Rome"' for name in names)
    return {
        "id": "chatcmpl-tool-lab", "type": "function",
        "function": {"name": function["name"], "arguments": f"{{{arguments}}}"},
    }  # fmt: skip


def in_text(call: Json) -> str:
    """The call as a model writes it that was not taught the form its server's parser reads."""
    function = call["function"]
    return f'<tools>\n{{"name": "{function["name"]}", "arguments": {function["arguments"]}}}\n</tools>'


def completion(model: str, created: int) -> Json:
    """A text completion."""
    choice = {"index": 0, "text": " 4, 5, 6", "finish_reason": "length", "logprobs": None, "stop_reason": None}
    body = {"id": "cmpl-lab", "object": "text_completion", "created": created, "model": model}
    return {**body, "choices": [choice], "usage": usage(7, 16)}


def embedding(model: str, created: int) -> Json:
    """A vector."""
    data = [{"index": 0, "object": "embedding", "embedding": [0.25, -0.5, 0.125]}]
    return {"object": "list", "created": created, "model": model, "data": data, "usage": usage(3, 0)}
