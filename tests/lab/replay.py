"""Requests that are played to an API server one after the other, and their answers as they can be compared."""

import json
import re
import time
from collections.abc import Mapping
from typing import Any

import httpx

from tests.lab.client import Client

Json = dict[str, Any]
PATIENCE_S = 15.0
PLACE = re.compile(r"<([a-z0-9-]+)\.([\w.]+)>")
"""What an earlier answer brought, as `<made.metadata.resourceVersion>`."""


class Player:
    """Asks the questions of a story as their users, and remembers the answers by the questions' names."""

    def __init__(self, clients: Mapping[str, Client]) -> None:
        self._clients = clients
        self._answers: dict[str, Any] = {}

    def ask(self, question: Json) -> Json:
        """The question with its answer; one that is `patient` is asked until something is there."""
        deadline = time.monotonic() + PATIENCE_S
        while (answer := self._ask(question)).status_code == httpx.codes.NOT_FOUND and question.get("patient"):
            assert time.monotonic() < deadline, question
            time.sleep(0.1)
        body = _content(answer)
        if "name" in question:
            self._answers[question["name"]] = body
        warnings = [each for each in answer.headers.get_list("Warning") if "exceeding the supported" not in each]
        told = {"warnings": warnings} if warnings else {}
        return {**question, "status": answer.status_code, **told, "answer": body}

    def _ask(self, question: Json) -> httpx.Response:
        client = self._clients[question.get("by", "admin")]
        sent = self._filled(question.get("body"))
        how = {key: question[key] for key in ("media", "accept") if key in question}
        body = sent.encode() if isinstance(sent, str) else sent
        return client.ask(question["method"], self._filled(question["path"]), body, **how)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return PLACE.sub(lambda match: str(_at(self._answers[match[1]], match[2])), value)
        if isinstance(value, dict):
            return {key: self._filled(each) for key, each in value.items()}
        return [self._filled(each) for each in value] if isinstance(value, list) else value


def _at(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def _content(answer: httpx.Response) -> Any:
    """JSON, the events of a watch, or text."""
    text = answer.text.strip()
    try:
        lines = [json.loads(line) for line in text.splitlines()]
    except ValueError:
        try:
            return json.loads(text)
        except ValueError:
            return text
    watched = len(lines) != 1 or set(lines[0]) == {"type", "object"}
    return lines if watched else lines[0]
