"""A verdict with its evidence: what every judgement of aiops comes down to."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Status = Literal["ok", "warn", "fail", "skip", "unknown", "suppressed"]
"""`skip` always has its because; what could not be read is `unknown`, never ok; `suppressed` is a warn or fail that the
config suppresses, and says until when."""

Hope = Literal["no", "while others move", "yes"]
"""May it come right by itself: never; only while something else is still settling; at any time. Worst first."""
HOPES: tuple[Hope, ...] = get_args(Hope)


@dataclass(frozen=True)
class Evidence:
    """One observation: where it was read, what it said, and when (RFC 3339, empty where nobody says)."""

    source: str
    text: str
    at: str = ""

    def __str__(self) -> str:
        return f"{self.source}: {self.text}"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is so, why, and what to do about it."""

    status: Status
    symptom: str
    id: str = ""
    """A stable name, as `smoke.unauthorized`, where a program may want to tell findings apart; never reused."""
    cause: str = ""
    fix: str = ""
    """A command that can be pasted, or one sentence."""
    about: str = ""
    """The object it is about, as `Deployment keda/keda-operator`."""
    owner: str = ""
    """Who is responsible for that object, as `application keda`; empty where it is its own."""
    file: str = ""
    """Where it is written, from the root of the tree; empty for what was seen on the cluster."""
    line: int = 0
    """Of that file, counted from 1; 0: all of it."""
    evidence: tuple[Evidence, ...] = ()
    hope: Hope = "yes"
    """May it come right by itself?"""


def worst(findings: Iterable[Finding]) -> Finding | None:
    """The finding with the least hope; the first of them where several have as little."""
    return min(findings, key=lambda finding: HOPES.index(finding.hope), default=None)
