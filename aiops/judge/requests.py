"""How much a model's server has been used, by its own counters (Prometheus text format)."""

import re
from collections.abc import Sequence
from math import isfinite

from aiops.snapshot import Json

FINISHED = ("vllm:request_success_total", "te_request_success", "te_request_success_total")
"""Counters of vLLM and of text-embeddings-inference, from the start of the process."""
RUNNING = ("vllm:num_requests_running", "vllm:num_requests_waiting", "te_queue_size")
_SAMPLE = re.compile(r"^(?P<name>[\w:]+)(?:\{[^}]*\})?\s+(?P<value>[-+.\deE]+)", re.MULTILINE)


def requests_of(metrics: str) -> Json:
    """`{"finished": 12, "running": 1}`, or `{"problem": why}` where these metrics do not tell."""
    samples = [(match["name"], match["value"]) for match in _SAMPLE.finditer(metrics)]
    if not any(name in (*FINISHED, *RUNNING) for name, _ in samples):
        return {"problem": "its metrics do not count requests"}
    return {"finished": _sum(samples, FINISHED), "running": _sum(samples, RUNNING)}


def names_of(metrics: str) -> list[str]:
    """The names of all its series that are vLLM's own, without what histograms and counters add to them; sorted."""
    found = {match["name"] for match in _SAMPLE.finditer(metrics) if match["name"].startswith("vllm:")}
    return sorted({bare(name) for name in found})


def bare(name: str) -> str:
    """The name of a metric, without what its histogram or counter adds to it."""
    return re.sub(r"_(bucket|sum|count|total|created)$", "", name)


def _sum(samples: Sequence[tuple[str, str]], names: Sequence[str]) -> int:
    return int(sum(_number(value) for name, value in samples if name in names))


def _number(text: str) -> float:
    """0 for what is none, or not a finite one: the format allows NaN and +Inf."""
    try:
        found = float(text)
    except ValueError:
        return 0.0
    return found if isfinite(found) else 0.0
