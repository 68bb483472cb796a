"""What a smoke asks: small requests whose answer proves that a model generates, and costs next to nothing."""

from aiops.snapshot import Json

TOOL = "get_weather"
"""The one tool that is offered."""
CITIES = ("Rome", "Oslo", "Lima")
"""Of which the weather is asked where the model may choose; where it must call, of the first."""
TOKENS, TOOL_TOKENS, AUTO_TOKENS = 16, 64, 256
"""The most that may be generated; a tool call needs room for its JSON, and a model that may choose talks before it."""
_TOOL: Json = {
    "type": "function",
    "function": {
        "name": TOOL,
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": True,  # without it vLLM does not hold the arguments to the schema
    },
}


def chat_body(model: str, *, stream: bool = False, tools: bool = False) -> Json:
    """Of POST /v1/chat/completions; `tools` demands a call of `TOOL`."""
    content = f"What is the weather in {CITIES[0]}?" if tools else "Reply with one word: pong"
    return {
        "model": model,
        "messages": [{"role": "user", "content": content}],
        "max_tokens": TOOL_TOKENS if tools else TOKENS,
        "temperature": 0,
        **({"tools": [_TOOL], "tool_choice": "required"} if tools else {}),
        **({"stream": True, "stream_options": {"include_usage": True}} if stream else {}),
    }


def auto_bodies(model: str) -> tuple[Json, ...]:
    """Chats that nobody can answer without `TOOL`, and that leave it to the model whether to call it.

    Not strict, as most clients ask: strict has vLLM hold even these to a form that its parser reads (vllm#45600).
    """
    function = {key: value for key, value in _TOOL["function"].items() if key != "strict"}
    offer = {"tools": [{**_TOOL, "function": function}], "tool_choice": "auto", "max_tokens": AUTO_TOKENS}
    asked = ([{"role": "user", "content": f"What is the weather in {city} right now?"}] for city in CITIES)
    return tuple({**chat_body(model), "messages": messages, **offer} for messages in asked)


def completion_body(model: str) -> Json:
    """Of POST /v1/completions, which models without a chat template have too."""
    return {"model": model, "prompt": "1, 2, 3,", "max_tokens": TOKENS, "temperature": 0}


def embedding_body(model: str) -> Json:
    """Of POST /v1/embeddings; as numbers, because the default of some clients is base64."""
    return {"model": model, "input": "ping", "encoding_format": "float"}
