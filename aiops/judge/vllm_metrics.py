"""The names of vLLM's metrics, and what became of them: which version of the server has which.

Sources: vLLM's deprecation policy (docs/usage/metrics.md: deprecated in X.Y, hidden in X.Y+1, gone in X.Y+2) and its
pull requests: #12383 (throughput gauges), #15458 and #18837 (those deprecated in 0.8), #18354, #24245 and #29330
(`gpu_` prefix), #24110 and #32661 (time_per_output_token, which 0.13 and 0.14 still hid), #27215 (the V0 engine's).
Nothing was open in 0.26.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from aiops.gitops.parsing import Body
from aiops.judge.command_line import CommandLine
from aiops.judge.requests import bare
from aiops.judge.serving_images import Version, image_of, serves_with_vllm, vllm_version

Standing = Literal["there", "leaving", "hidden", "gone", "not yet"]
"""`leaving`: deprecated; `hidden`: only --show-hidden-metrics-for-version brings it back."""
AWAY: tuple[Standing, ...] = ("hidden", "gone", "not yet")
_NAME = re.compile(r"(?<![\w:/.-])vllm:([a-zA-Z_]\w*)(?![\w:])")
"""Not what a recording rule makes of one, as `vllm:x:rate5m`."""
_SHOW = "--show-hidden-metrics-for-version"


@dataclass(frozen=True)
class Change:
    """A metric that went, or is about to."""

    deprecated: Version
    hidden: Version
    gone: Version
    instead: str = ""
    """What to ask for now; empty where nothing took its place."""


_GAUGES = Change((0, 4), (0, 7), (0, 7))
_OLD = Change((0, 8), (0, 9), (0, 10))
_SPECULATION = Change((0, 10), (0, 11), (0, 11))
_PREFIXED = Change((0, 10), (0, 11), (0, 12))
CHANGES: Mapping[str, Change] = {
    "avg_prompt_throughput_toks_per_s": replace(_GAUGES, instead="rate(vllm:prompt_tokens_total[5m])"),
    "avg_generation_throughput_toks_per_s": replace(_GAUGES, instead="rate(vllm:generation_tokens_total[5m])"),
    "num_requests_swapped": replace(_OLD, instead="rate(vllm:num_preemptions_total[5m])"),
    "cpu_cache_usage_perc": _OLD,
    "cpu_prefix_cache_hit_rate": _OLD,
    "gpu_prefix_cache_hit_rate": replace(
        _OLD, instead="rate(vllm:prefix_cache_hits_total[5m]) / rate(vllm:prefix_cache_queries_total[5m])"
    ),
    "time_in_queue_requests": replace(_OLD, instead="vllm:request_queue_time_seconds"),
    "model_forward_time_milliseconds": replace(_OLD, instead="vllm:request_inference_time_seconds"),
    "model_execute_time_milliseconds": replace(_OLD, instead="vllm:request_inference_time_seconds"),
    "spec_decode_draft_acceptance_rate": _SPECULATION,
    "spec_decode_efficiency": _SPECULATION,
    "gpu_cache_usage_perc": replace(_PREFIXED, instead="vllm:kv_cache_usage_perc"),
    "gpu_prefix_cache_queries": replace(_PREFIXED, instead="vllm:prefix_cache_queries_total"),
    "gpu_prefix_cache_hits": replace(_PREFIXED, instead="vllm:prefix_cache_hits_total"),
    "time_per_output_token_seconds": Change((0, 11), (0, 12), (0, 15), "vllm:inter_token_latency_seconds"),
}
"""By name, without `vllm:`."""
_BORN: Mapping[str, Version] = {"kv_cache_usage_perc": (0, 9), "inter_token_latency_seconds": (0, 10)}
"""Successors, by the first minor version in which they can be."""


@dataclass(frozen=True)
class Server:
    """A server of vLLM, as far as it matters for its metrics."""

    version: Version
    shows_hidden: bool = False


def server_of(container: Body) -> Server | None:
    """The vLLM server that a container runs; None where it runs none, or its image does not tell which version."""
    version = vllm_version(image_of(container)) if serves_with_vllm(container) else None
    if version is None:
        return None
    # vLLM compares this text with its own previous minor version, and ignores any other (vllm/config.py)
    before = f"{version[0]}.{version[1] - 1}"
    return Server(version, CommandLine(container).option(_SHOW) == before)


def names_in(query: str) -> tuple[str, ...]:
    """The metrics of vLLM that a query asks for, without `vllm:` and without what a histogram adds; each once."""
    return tuple(dict.fromkeys(bare(name) for name in _NAME.findall(query)))


def standing(name: str, server: Server) -> Standing:
    """What became of a metric in a server's version. One that is not known here is held to be there."""
    change = CHANGES.get(name)
    if change is None:
        return "not yet" if server.version < _BORN.get(name, (0, 0)) else "there"
    if server.version >= change.gone:
        return "gone"
    if server.version >= change.hidden:
        return "leaving" if server.shows_hidden else "hidden"
    return "leaving" if server.version >= change.deprecated else "there"


def shown(version: Version) -> str:
    """As it is said: `0.23`."""
    return f"{version[0]}.{version[1]}"


def history_of(name: str) -> str:
    """What became of a metric, in words."""
    change = CHANGES.get(name)
    if change is None:
        return f"vllm:{name} came with a later version of vLLM"
    return (
        f"vLLM deprecated it in {shown(change.deprecated)}, hid it in {shown(change.hidden)} "
        f"and took it away in {shown(change.gone)}"
    )


def cure_of(name: str) -> str:
    """What to do about a query for it."""
    change = CHANGES.get(name)
    if change is None:
        return "set the name that this version of the server has, or upgrade the server"
    return f"set {change.instead} in its place" if change.instead else "set another query: nothing took its place"
