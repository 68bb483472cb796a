"""How much memory a model takes, estimated from its name on the hub: its weights, and the KV cache of one request.

An estimate from below, so that what does not fit by it does not fit: neither activations nor CUDA graphs are in it.
Parameters, layers and heads are those of each model's config.json on huggingface.co (Qwen2.5: arXiv 2412.15115 table 1;
Qwen3: arXiv 2505.09388 table 1; Llama 3: arXiv 2407.21783 table 3).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aiops.judge.command_line import CommandLine

GIB = 2**30
_BILLION = 10**9


@dataclass(frozen=True)
class Footprint:
    """In the memory of its GPUs together."""

    weights_gib: float
    kv_gib: float
    """Of one request as long as may be: vLLM ends at its start where that does not fit (v1/core/kv_cache_utils.py)."""
    tokens: int
    """So long. 0: the KV cache is not known."""

    @property
    def total_gib(self) -> float:
        """Together."""
        return self.weights_gib + self.kv_gib

    def __str__(self) -> str:
        cache = f" and {self.kv_gib:.1f} GiB of KV cache for {self.tokens} tokens" if self.kv_gib else ""
        return f"{self.weights_gib:.1f} GiB of weights{cache}"


@dataclass(frozen=True)
class _Shape:
    params: float
    """Billions."""
    tables: float
    """Billions of them in embeddings and output, which a quantisation leaves at 16 bits."""
    kv_kib: int
    """KV cache of one token at 16 bits."""


_FAMILIES: tuple[tuple[str, int, Mapping[str, _Shape]], ...] = (
    (
        r"qwen2\.5-(coder-|math-)?\d",
        32768,
        {
            "0.5": _Shape(0.494, 0.136, 12), "1.5": _Shape(1.544, 0.233, 28), "3": _Shape(3.086, 0.311, 36),
            "7": _Shape(7.616, 1.090, 56), "14": _Shape(14.770, 1.557, 192), "32": _Shape(32.764, 1.557, 256),
            "72": _Shape(72.706, 2.491, 320),
        },
    ),
    (
        r"qwen3-\d+(\.\d+)?b(?!-a\d)",
        40960,
        {
            "0.6": _Shape(0.596, 0.156, 112), "1.7": _Shape(1.721, 0.311, 112), "4": _Shape(4.022, 0.389, 144),
            "8": _Shape(8.191, 1.245, 144), "14": _Shape(14.768, 1.556, 160), "32": _Shape(32.762, 1.556, 256),
        },
    ),
    (
        r"llama-3\.[123]-\d",
        131072,
        {
            "1": _Shape(1.236, 0.263, 32), "3": _Shape(3.213, 0.394, 112), "8": _Shape(8.030, 1.051, 128),
            "70": _Shape(70.554, 2.101, 320),
        },
    ),
    (r"llama-3-\d", 8192, {"8": _Shape(8.030, 1.051, 128), "70": _Shape(70.554, 2.101, 320)}),
    (r"mistral-7b-(instruct-)?v0\.[23]", 32768, {"7": _Shape(7.248, 0.268, 128)}),
)  # fmt: skip
"""Name, longest context, and shape by size: models with full attention alone."""
_BILLIONS = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)b(?![a-z0-9])")
"""As in `Qwen2.5-14B-Instruct`; not the experts of `8x7B`, nor what is active of `30B-A3B`."""
_ROUNDED = 0.95
"""A `7B` may have 6.7."""
_FOUR = re.compile(r"awq|gptq|int4|4-?bits?(?![a-z0-9])|w4a16|nf4|bnb|fp4|gpt-oss|bitsandbytes")
_EIGHT = re.compile(r"fp8|int8|8-?bits?(?![a-z0-9])|w8a(8|16)")
_UNKNOWN = re.compile(r"gguf|exl2|2-?bit|3-?bit|int[23]\b|aqlm|hqq|quip")
_BITS = {4: 4.15, 8: 8.0}
"""With the scale and the zero point of each group of 128 weights."""
_FULL = ("float", "float32")
_THOUSANDS = {"k": 1000, "K": 1024, "m": 10**6, "M": 2**20}


def footprint_of(model: str, line: CommandLine) -> Footprint | None:
    """Of a model of the hub, as a vLLM with these arguments loads it; None where its name does not tell."""
    name = model.rpartition("/")[2].lower()
    size = _BILLIONS.search(name)
    bits = _bits(name, line)
    if size is None or bits is None:
        return None
    context, shape = _shape(name, size[1])
    params, tables = (shape.params, shape.tables) if shape else (float(size[1]) * _ROUNDED, 0.0)
    wide = 4 if line.option("--dtype") in _FULL else 2
    weights = (params - tables) * _BITS[bits] / 8 + tables * 2 if bits in _BITS else params * wide
    tokens = _tokens(line, context)
    each = _kv_share(line, wide) if shape else 0.0
    return Footprint(
        weights_gib=max(0.0, weights * _BILLION / GIB - number_in(line.option("--cpu-offload-gb"))),
        kv_gib=tokens * (shape.kv_kib if shape else 0) * each / 2**20,
        tokens=tokens if shape else 0,
    )


def _shape(name: str, size: str) -> tuple[int, _Shape | None]:
    for pattern, context, sizes in _FAMILIES:
        if re.search(pattern, name):
            return context, sizes.get(size)
    return 0, None


def _bits(name: str, line: CommandLine) -> int | None:
    """16: not quantised; None: it is, nobody knows how."""
    method = line.option("--quantization", "-q").lower()
    for text in (name, method):
        if _UNKNOWN.search(text):
            return None
        if _EIGHT.search(text):
            return 8
        if _FOUR.search(text):
            return 4
    return 16 if method in ("", "none") else None


def _tokens(line: CommandLine, context: int) -> int:
    """As vLLM reads --max-model-len (`16384`, `16k`); 0 where it finds that out itself, or is told how much memory."""
    if line.has("--kv-cache-memory-bytes", "--num-gpu-blocks-override"):
        return 0
    written = line.option("--max-model-len")
    if not line.has("--max-model-len"):
        return context
    factor = _THOUSANDS.get(written[-1:], 1)
    return int(number_in(written.rstrip("kKmM")) * factor)


def _kv_share(line: CommandLine, wide: int) -> float:
    """Of the KV cache at 16 bits."""
    return 0.5 if line.option("--kv-cache-dtype").startswith("fp8") else wide / 2


def number_in(text: str) -> float:
    """An option's number; 0 for what is none: `auto`, or a variable that nobody has set."""
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else 0.0
