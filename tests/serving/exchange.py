"""One request, and what is answered to it: what the servers' HTTP side and their other side speak."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, Protocol


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    headers: Message
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def asked(self) -> dict[str, Any] | None:
        """The body as a JSON object; None where it is none."""
        try:
            found = json.loads(self.raw)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None

    @property
    def key(self) -> str:
        """The bearer token; empty where there is none."""
        scheme, _, token = (self.headers.get("Authorization") or "").partition(" ")
        return token.strip() if scheme == "Bearer" else ""


@dataclass(frozen=True)
class Answer:
    """`body` goes out as JSON, or as it is where it is bytes."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Events:
    """A stream of server-sent events; `cut` ends the connection without its proper end."""

    lines: Sequence[bytes]
    cut: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Silent:
    """No answer for as long as the server lives."""


Step = Answer | Events | Silent


class App(Protocol):
    """What stands behind the HTTP side. `fault` may be changed at any time."""

    fault: str

    def answer(self, seen: Seen) -> Step: ...
