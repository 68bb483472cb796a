"""Who was asked, what came back, and how a verdict about it is worded."""

import re
from dataclasses import dataclass
from typing import Protocol

from aiops.judge.finding import Evidence, Finding, Hope, Status

_DEPLOYMENT = re.compile(r"Deployment ([^/\s]+)/(\S+)")
_SYMPTOM = 160
"""Characters of a server's message that a symptom quotes; the evidence has more."""


class Reply(Protocol):
    """One whole answer of HTTP."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def content_type(self) -> str:
        """The header Content-Type, empty where there is none."""

    @property
    def body(self) -> bytes:
        """The body, whole."""

    @property
    def retry_after(self) -> str:
        """The header Retry-After as it was sent, empty where there is none."""

    @property
    def seconds(self) -> float:
        """From the request until the last byte."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who was asked for what."""

    who: str
    """As in a sentence: `Deployment serving/vllm-qwen`, or `LiteLLM`."""
    model: str
    """The model name or alias that was asked for."""
    gateway: bool
    """LiteLLM answers, whose error.type decides: its status codes change from version to version."""

    @property
    def name(self) -> str:
        """The name of the Deployment, as `aiops vllm-up` takes it."""
        return self.who.rpartition("/")[2]

    @property
    def restart(self) -> str:
        """How to restart it: a command, where the Deployment is known."""
        found = _DEPLOYMENT.fullmatch(self.who)
        return f"kubectl rollout restart deployment/{found[2]} -n {found[1]}" if found else f"restart {self.who}"

    @property
    def logs(self) -> str:
        """How to read its log: a command, where the Deployment is known."""
        found = _DEPLOYMENT.fullmatch(self.who)
        return (
            f"kubectl logs deployment/{found[2]} -n {found[1]} --tail=50" if found else f"Read the log of {self.who}."
        )


def is_html(reply: Reply) -> bool:
    """A page for people: a login, or an error page of a proxy."""
    return "html" in reply.content_type.lower() or reply.body.lstrip()[:1] == b"<"


def verdict(
    asked: Asked,
    status: Status,
    slug: str,
    symptom: str,
    *,
    cause: str = "",
    fix: str = "",
    words: str = "",
    source: str = "its answer",
    hope: Hope = "yes",
) -> Finding:
    """A finding about who was asked, with the id `smoke.<slug>`; `words`: the server's own, clean."""
    start = words if len(words) <= _SYMPTOM else f"{words[: _SYMPTOM - 3]}..."
    return Finding(
        id=f"smoke.{slug}",
        status=status,
        symptom=f"{asked.who} {symptom}: {start}" if start else f"{asked.who} {symptom}",
        cause=cause,
        fix=fix,
        about=asked.who,
        evidence=(Evidence(source, words),) if words else (),
        hope=hope,
    )
