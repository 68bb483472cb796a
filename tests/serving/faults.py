"""What may be made wrong: refusals by status, and answers that are none though they are a 200."""

from collections.abc import Callable, Mapping

from tests.serving.exchange import Answer, Events, Silent, Step
from tests.serving.shapes import (
    LOGIN,
    UNAUTHORIZED,
    Json,
    event,
    litellm_behind,
    litellm_denied,
    litellm_error,
    vllm_error,
)

KEY_HASH = "2ab0" * 16


def _vllm() -> Mapping[str, Step]:
    slow = Answer(429, vllm_error(429, "Too many requests", "TooManyRequestsError"), {"Retry-After": "7"})
    return {
        "401": Answer(401, UNAUTHORIZED),
        "403": Answer(403, {"detail": "Forbidden"}),
        "404": Answer(404, {"detail": "Not Found"}),
        "404-model": Answer(
            404,
            vllm_error(404, "The model `qwen` does not exist. Valid aliases: tiny-qwen2.", "NotFoundError", "model"),
        ),
        "400": Answer(400, vllm_error(400, "max_tokens=4096 is too large", "BadRequestError", "max_tokens")),
        "429": slow,
        "500": Answer(500, vllm_error(500, "EngineCore encountered an issue", "InternalServerError")),
        "503": Answer(503, b"no healthy upstream", {"Content-Type": "text/plain"}),
    }


def _litellm() -> Mapping[str, Step]:
    unknown = (
        f"Authentication Error, Invalid proxy server token passed. Received API Key = sk-...h3LA, "
        f"Key Hash (Token) ={KEY_HASH}. Unable to find token in cache or `LiteLLM_VerificationTokenTable`"
    )
    denied = litellm_denied("qwen")
    nobody = litellm_behind("litellm.ServiceUnavailableError: OpenAIException - no healthy upstream", "qwen")
    served = "The model `qwen` does not exist. Valid aliases: tiny-qwen2."
    gone = litellm_behind(f"litellm.NotFoundError: NotFoundError: OpenAIException - {served}", "qwen")
    return {
        "401": Answer(401, litellm_error(401, unknown, "token_not_found_in_db", "key")),
        "403": Answer(403, litellm_error(403, denied, "key_model_access_denied", "model")),
        "404": Answer(404, {"detail": "Not Found"}),
        "404-model": Answer(404, litellm_error(404, gone, "invalid_request_error")),
        "400": Answer(400, litellm_error(400, "Missing required parameter: 'messages'", "invalid_request_error")),
        "429": Answer(
            429,
            litellm_error(429, "Rate limit exceeded. Limit type: requests", "throttling_error"),
            {"Retry-After": "60"},
        ),
        "500": Answer(500, litellm_error(500, "litellm.InternalServerError: mock error", "internal_server_error")),
        "503": Answer(503, litellm_error(503, nobody, "None")),
    }


_BOTH: Mapping[str, Step] = {
    "302": Answer(302, b"", {"Location": "/login"}),
    "html": Answer(200, LOGIN, {"Content-Type": "text/html; charset=utf-8"}),
    "silent": Silent(),
}
REFUSALS: Mapping[str, Mapping[str, Step]] = {"vllm": {**_vllm(), **_BOTH}, "litellm": {**_litellm(), **_BOTH}}
"""By kind and fault: answered at once, whatever was asked."""


def _content(text: str | None) -> Callable[[Json], None]:
    def change(body: Json) -> None:
        for choice in body.get("choices", ()):
            if "message" in choice:
                choice["message"]["content"] = text
            elif choice.get("delta", {}).get("content"):
                choice["delta"]["content"] = text
            elif "text" in choice:
                choice["text"] = text
        for each in body.get("data", ()):
            each["embedding"] = [] if text is None else [0.0]

    return change


def _another_model(body: Json) -> None:
    body["model"] = "another-model"


def _uncounted(body: Json) -> None:
    body.pop("usage", None)


SPOILED: Mapping[str, Callable[[Json], None]] = {
    "blank": _content(" \n"),
    "null": _content(None),
    "wrong-model": _another_model,
    "uncounted": _uncounted,
}
"""What is changed in an answer that would be good."""
STREAMS = ("stream-broken", "stream-short", "stream-error")
"""Faults of streams alone: the connection is cut; it ends without [DONE]; an error comes in its midst."""
ALL = frozenset({*REFUSALS["vllm"], *SPOILED, *STREAMS, "late", "open", ""})
"""Every fault; `late` and `open` are the server's own."""


def spoiled(fault: str, body: Json) -> Json:
    """The body, as far as the fault leaves it whole. It is changed."""
    if change := SPOILED.get(fault):
        change(body)
    return body


def spoiled_stream(fault: str, lines: list[bytes]) -> Events:
    """The stream, as far as the fault leaves it whole."""
    if fault == "stream-error":
        failed = event(vllm_error(500, "Internal server error", "InternalServerError"))
        return Events([*lines[:2], failed, b"data: [DONE]\n\n"])  # vLLM sends [DONE] even so
    if fault in STREAMS:
        return Events(lines[:2], cut=fault == "stream-broken")
    return Events(lines)
