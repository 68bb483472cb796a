"""The servers of models: vLLM, whose key guards /v1/* alone, and text-embeddings-inference, which asks for none."""

from collections.abc import Callable, Mapping

from aiops.lab.api.kinds import Json
from aiops.lab.clock import Clock
from aiops.lab.faults import MODEL_FAILS, TOOL_CALLS_IN_TEXT, WRONG_KEY, Faults
from aiops.lab.world.exchange import (
    NOT_FOUND,
    Answer,
    Request,
    chat,
    chat_chunks,
    completion,
    embedding,
    in_text,
    tool_call,
)

UNPARSED = {
    "auto": '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
    "required": 'tool_choice="required" requires --tool-call-parser to be set',
}


GAUGES = ("vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc")
COUNTERS = ("vllm:prompt_tokens", "vllm:generation_tokens",
            "vllm:prefix_cache_queries", "vllm:prefix_cache_hits")  # fmt: skip
HISTOGRAMS = ("vllm:time_to_first_token_seconds", "vllm:inter_token_latency_seconds",
              "vllm:e2e_request_latency_seconds", "vllm:request_queue_time_seconds")  # fmt: skip
"""Of what vLLM 0.23 measures, what dashboards and autoscalers ask for; without their buckets."""


class Vllm:
    """One pod's."""

    def __init__(self, model: str, key: str, *, tools: bool, clock: Clock, faults: Faults) -> None:
        """`model`: its --served-model-name; `tools`: it has a --tool-call-parser."""
        self._model, self._key, self._tools = model, key, tools
        self._clock, self._faults = clock, faults
        self._finished = 0

    def answer(self, request: Request) -> Answer:
        """What it says."""
        match request.method, request.path:
            case "GET", "/health":
                return Answer()
            case "GET", "/metrics":
                return Answer(body=self._metrics())
        make = self._makers().get((request.method, request.path))
        if make is None:
            return NOT_FOUND
        key = f"{self._key}-of-before" if self._faults.on(WRONG_KEY) else self._key
        if self._key and request.key != key:
            return Answer(status=401, body={"error": "Unauthorized"})
        return make(request.body)

    def _makers(self) -> Mapping[tuple[str, str], Callable[[Json], Answer]]:
        return {
            ("GET", "/v1/models"): lambda _: Answer(body=self._models()),
            ("POST", "/v1/chat/completions"): lambda body: self._generate(body, self._chat),
            ("POST", "/v1/completions"): lambda body: self._generate(body, self._complete),
        }

    def _generate(self, body: Json, make: Callable[[Json], Answer]) -> Answer:
        if body.get("model") != self._model:
            words = f"The model `{body.get('model')}` does not exist. Valid aliases: {self._model}."
            return _error(404, words, "NotFoundError", "model")
        if self._faults.on(MODEL_FAILS):
            return _error(500, "EngineCore encountered an issue. See stack trace (above) for the root cause.",
                          "InternalServerError")  # fmt: skip
        answer = make(body)
        self._finished += answer.status == 200
        return answer

    def _chat(self, body: Json) -> Answer:
        if not body.get("messages"):
            return _error(400, "messages: Field required", "Bad Request")
        choice = body.get("tool_choice", "auto") if body.get("tools") else "none"
        if choice != "none" and not self._tools:
            return _error(400, UNPARSED["auto" if choice == "auto" else "required"], "BadRequestError")
        if body.get("stream"):
            counted = bool((body.get("stream_options") or {}).get("include_usage"))
            return Answer(chunks=chat_chunks(self._model, self._now, counted=counted))
        if choice == "none":
            return Answer(body=chat(self._model, self._now))
        call = tool_call(body["tools"][0])
        if choice == "auto" and self._faults.on(TOOL_CALLS_IN_TEXT):
            return Answer(body=chat(self._model, self._now, content=in_text(call)))
        return Answer(body=chat(self._model, self._now, [call], content=None))

    def _complete(self, body: Json) -> Answer:
        return Answer(body=completion(self._model, self._now))

    def _models(self) -> Json:
        about = {"object": "model", "created": self._now, "owned_by": "vllm", "root": self._model, "parent": None}
        return {"object": "list", "data": [{"id": self._model, **about, "max_model_len": 8192, "permission": []}]}

    def _metrics(self) -> str:
        labels = f'engine="0",model_name="{self._model}"'
        finished = float(self._finished)
        values = {
            **dict.fromkeys((f"{name}{{{labels}}}" for name in GAUGES), 0.0),
            **{f"{name}{part}{{{labels}}}": finished for name in HISTOGRAMS for part in ("_count", "_sum")},
            f'vllm:request_success_total{{{labels},finished_reason="stop"}}': finished,
            **dict.fromkeys((f"{name}_total{{{labels}}}" for name in COUNTERS), finished),
        }
        return "".join(f"{name} {value}\n" for name, value in values.items())

    @property
    def _now(self) -> int:
        return int(self._clock.now().timestamp())


class Embeddings:
    """text-embeddings-inference: it takes any name for its one model."""

    def __init__(self, model: str, *, clock: Clock) -> None:
        self._model, self._clock = model, clock
        self._finished = 0

    def answer(self, request: Request) -> Answer:
        """What it says."""
        match request.method, request.path:
            case "GET", "/health":
                return Answer()
            case "GET", "/info":
                return Answer(body={"model_id": self._model, "max_input_length": 512, "version": "1.7.4"})
            case "GET", "/metrics":
                return Answer(body=f"# TYPE te_request_success counter\nte_request_success {self._finished}\n")
            case "POST", "/v1/embeddings":
                self._finished += 1
                return Answer(body=embedding(self._model, int(self._clock.now().timestamp())))
        return Answer(status=404)


def _error(status: int, message: str, kind: str, param: str | None = None) -> Answer:
    """As vLLM words it: its code is a number."""
    return Answer(status=status, body={"error": {"message": message, "type": kind, "param": param, "code": status}})
