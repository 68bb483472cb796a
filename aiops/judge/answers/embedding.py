"""Whether an embedding is one."""

from math import isfinite

from aiops.judge.answers.chat import answer, measured
from aiops.judge.answers.reply import Asked, Reply, verdict
from aiops.judge.finding import Finding


def judge_embedding(asked: Asked, reply: Reply) -> Finding:
    """An answer of POST /v1/embeddings is a vector of finite numbers, not all of them zero."""
    found = answer(asked, reply, "data")
    if isinstance(found, Finding):
        return found
    first = found["data"][0]
    vector = first.get("embedding") if isinstance(first, dict) else None
    if not isinstance(vector, list) or not vector:
        return _no_vector(asked, "no vector")
    if not all(map(_finite, vector)):
        return _no_vector(asked, f"a vector of {len(vector)}, of which not all are numbers")
    if not any(vector):
        return _no_vector(asked, f"a vector of {len(vector)} zeros")
    return measured(asked, reply, found, "embedding", f"a vector of {len(vector)}", generates=False)


def _no_vector(asked: Asked, what: str) -> Finding:
    cause = "weights that did not load as they should, or a model that makes no embeddings"
    return verdict(asked, "fail", "no-vector", f"answers 200 and {what}", cause=cause, fix=asked.logs)


def _finite(number: object) -> bool:
    return (isinstance(number, int) and not isinstance(number, bool)) or (
        isinstance(number, float) and isfinite(number)
    )
