"""What a smoke asks: small requests whose answer proves that a model generates, and costs next to nothing."""

from aiops.snapshot import Json

TOOL = "get_weather"
"""The one tool that is offered."""
TOKENS, TOOL_TOKENS = 16, 64
"""The most that may be generated; a tool call needs room for its JSON."""
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
    content = "What is the weather in Rome?" if tools else "Reply with one word: pong"
    return {
        "model": model,
        "messages": [{"role": "user", "content": content}],
        "max_tokens": TOOL_TOKENS if tools else TOKENS,
        "temperature": 0,
        **({"tools": [_TOOL], "tool_choice": "required"} if tools else {}),
        **({"stream": True, "stream_options": {"include_usage": True}} if stream else {}),
    }


def completion_body(model: str) -> Json:
    """Of POST /v1/completions, which models without a chat template have too."""
    return {"model": model, "prompt": "1, 2, 3,", "max_tokens": TOKENS, "temperature": 0}


def embedding_body(model: str) -> Json:
    """Of POST /v1/embeddings; as numbers, because the default of some clients is base64."""
    return {"model": model, "input": "ping", "encoding_format": "float"}
