"""Which models a server says that it serves."""

from collections.abc import Iterable, Iterator

from aiops.judge.answers.reply import Reply, is_html
from aiops.judge.answers.said import json_of, said
from aiops.snapshot import Served


def judge_models(reply: Reply) -> Served:
    """What GET /v1/models lists, or why there is no list."""
    if reply.status != 200:
        return Served(reply.status, problem=f"it answers {reply.status}: {said(reply.body).message}".rstrip(": "))
    if is_html(reply):
        return Served(reply.status, problem="it answers with an HTML page")
    data = (json_of(reply.body) or {}).get("data")
    if not isinstance(data, list):
        return Served(reply.status, problem="it answers with something else than a list of models")
    models = tuple(_ids(data))
    return Served(reply.status, models, "" if models else "its list of models is empty")


def _ids(data: Iterable[object]) -> Iterator[str]:
    for each in data:
        if isinstance(each, dict) and isinstance(each.get("id"), str):
            yield each["id"]
