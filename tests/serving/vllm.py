"""vLLM as it answers: its key guards /v1/* alone."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.serving.exchange import Answer, Seen, Step
from tests.serving.faults import REFUSALS, SPOILED, spoiled, spoiled_stream
from tests.serving.shapes import (
    CREATED,
    NOT_FOUND,
    UNAUTHORIZED,
    Json,
    call,
    chat,
    chunks,
    completion,
    embedding,
    vllm_error,
)

MAX_MODEL_LEN = 1024
TOOLS = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
REQUIRED = 'tool_choice="required" requires --tool-call-parser to be set'


@dataclass
class Vllm:
    """A model's server. Its public fields may be changed at any time."""

    model: str
    key: str = ""
    """Empty: it asks for none."""
    fault: str = ""
    text: str = "pong"
    tools: bool = True
    """Whether it was started with --tool-call-parser."""
    unparsed: str = ""
    """What it says where it may call a tool and need not; empty: it calls it."""
    gateway: bool = False
    """It answers in the shapes that LiteLLM makes of its own."""
    _finished: int = 0
    """Requests that it has answered well."""

    def answer(self, seen: Seen) -> Step:
        """What it says."""
        if seen.method == "GET":
            return self._get(seen)
        make = self._posts().get(seen.path)
        if make is None:
            return Answer(404, NOT_FOUND)
        if not self._allowed(seen):
            return Answer(401, UNAUTHORIZED)
        answer = self._post(seen, make)
        self._finished += not isinstance(answer, Answer) or answer.status == 200
        return answer

    def _post(self, seen: Seen, make: Callable[[Json], Step]) -> Step:
        if self.fault in REFUSALS["vllm"]:
            return REFUSALS["vllm"][self.fault]
        asked = seen.asked
        if asked is None:
            return Answer(400, vllm_error(400, "Invalid JSON", "Bad Request"))
        return self._checked(asked, make)

    def _get(self, seen: Seen) -> Step:
        open_ones: Mapping[str, Answer] = {
            "/health": Answer(),
            "/ping": Answer(),
            "/version": Answer(body={"version": "0.32.0"}),
            "/metrics": Answer(body=self._metrics(), headers={"Content-Type": "text/plain; version=0.0.4"}),
        }
        if seen.path in open_ones:
            return open_ones[seen.path]
        if seen.path != "/v1/models":
            return Answer(404, NOT_FOUND)
        if not self._allowed(seen):
            return Answer(401, UNAUTHORIZED)
        return REFUSALS["vllm"].get(self.fault) or Answer(body=self._models())

    def _posts(self) -> Mapping[str, Callable[[Json], Step]]:
        return {
            "/v1/chat/completions": self.chat,
            "/v1/completions": self.completion,
            "/v1/embeddings": self.embedding,
            "/invocations": self.chat,  # a chat for everybody: the key does not guard it
        }

    def _allowed(self, seen: Seen) -> bool:
        return not seen.path.startswith("/v1/") or self.fault == "open" or self.key in ("", seen.key)

    def _metrics(self) -> bytes:
        labels = f'engine="0",model_name="{self.model}"'
        return (
            "# TYPE vllm:num_requests_running gauge\n"
            f"vllm:num_requests_running{{{labels}}} 0.0\n"
            "# TYPE vllm:num_requests_waiting gauge\n"
            f"vllm:num_requests_waiting{{{labels}}} 0.0\n"
            "# TYPE vllm:request_success_total counter\n"
            f'vllm:request_success_total{{{labels},finished_reason="stop"}} {float(self._finished)}\n'
            f'vllm:request_success_total{{{labels},finished_reason="length"}} 0.0\n'
        ).encode()

    def _models(self) -> Json:
        return {
            "object": "list",
            "data": [
                {
                    "id": self.model,
                    "object": "model",
                    "created": CREATED,
                    "owned_by": "vllm",
                    "root": self.model,
                    "parent": None,
                    "max_model_len": MAX_MODEL_LEN,
                    "permission": [],
                }
            ],
        }

    def _checked(self, asked: Json, make: Callable[[Json], Step]) -> Step:
        if asked.get("model") != self.model:
            message = f"The model `{asked.get('model')}` does not exist. Valid aliases: {self.model}."
            return Answer(404, vllm_error(404, message, "NotFoundError", "model"))
        if int(asked.get("max_tokens") or 0) > MAX_MODEL_LEN:
            message = f"max_tokens={asked['max_tokens']} is too large"
            return Answer(400, vllm_error(400, message, "BadRequestError", "max_tokens"))
        return make(asked)

    def chat(self, asked: Json) -> Step:
        """POST /v1/chat/completions."""
        if not asked.get("messages"):
            return Answer(400, vllm_error(400, "messages: Field required", "Bad Request"))
        choice = asked.get("tool_choice", "auto") if asked.get("tools") else "none"
        if choice != "none" and not self.tools:
            return Answer(400, vllm_error(400, TOOLS if choice == "auto" else REQUIRED, "BadRequestError"))
        if asked.get("stream"):
            return self._stream(asked)
        if choice == "none":
            return self._good(chat(self.model, self.text, gateway=self.gateway))
        if choice == "auto" and self.unparsed:
            return self._good(chat(self.model, self.unparsed, gateway=self.gateway))
        calls = [call(asked["tools"][0]["function"]["name"])]
        return self._good(chat(self.model, None if choice == "auto" else "", gateway=self.gateway, tool_calls=calls))

    def completion(self, asked: Json) -> Step:
        """POST /v1/completions."""
        return self._good(completion(self.model, " 4, 5, 6"))

    def embedding(self, asked: Json) -> Step:
        """POST /v1/embeddings."""
        return self._good(embedding(self.model, [0.25, -0.5, 0.125]))

    def _good(self, body: Json) -> Answer:
        return Answer(body=spoiled(self.fault, body))

    def _stream(self, asked: Json) -> Step:
        counted = bool((asked.get("stream_options") or {}).get("include_usage")) and self.fault != "uncounted"
        pieces = [self.text[at : at + 3] for at in range(0, len(self.text), 3)]
        lines = chunks(self.model, pieces, gateway=self.gateway, counted=counted)
        if self.fault in SPOILED and self.fault != "uncounted":
            lines = [_spoiled_line(self.fault, line) for line in lines]
        return spoiled_stream(self.fault, lines)


def _spoiled_line(fault: str, line: bytes) -> bytes:
    data = line.removeprefix(b"data: ").strip()
    return line if data == b"[DONE]" else b"data: " + json.dumps(spoiled(fault, json.loads(data))).encode() + b"\n\n"
