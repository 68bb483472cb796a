"""How far a model is on its way up, and whether it can still arrive."""

from dataclasses import dataclass
from typing import Literal, get_args

from aiops.judge.finding import Evidence, Hope

Phase = Literal["accepted", "capacity", "node", "gpu", "image", "weights", "serving"]
"""In this order: its pod is made; a node for it is there or ordered; has joined; has its GPU; the image is pulled;
the weights are loaded; its own server lists it."""
PHASES: tuple[Phase, ...] = get_args(Phase)


@dataclass(frozen=True, kw_only=True)
class Stand:
    """Where a model stands."""

    phase: Phase
    """The first that is not passed; the last one, with `done`, at the end."""
    done: bool = False
    detail: str = ""
    """What it waits for, or the cause, owner first, on one line that stays the same while nothing changes."""
    hope: Hope = "yes"
    """`no`: nothing that is under way will change it."""
    evidence: tuple[Evidence, ...] = ()
    fix: str = ""
    """A command that can be pasted, or one sentence; where there is no hope."""
    id: str = ""
    """Stable name of the cause, as `model.quota`; where there is no hope."""
    pod: str = ""
    """The pod that is furthest along."""
    node: str = ""
    """The node that it is on, or is to be on."""
    wants_log: tuple[str, ...] = ()
    """Containers that ended: the last lines of their logs would tell more."""


def waits(phase: Phase, detail: str, *evidence: Evidence, node: str = "") -> Stand:
    """It may come right by itself."""
    return Stand(phase=phase, detail=detail, evidence=_said(evidence), node=node)


def hopeless(phase: Phase, cause: str, detail: str, fix: str, *evidence: Evidence, node: str = "") -> Stand:
    """Nothing will change it but somebody's hand; `cause` becomes the id `model.<cause>`."""
    return Stand(
        phase=phase, detail=detail, hope="no", evidence=_said(evidence), fix=fix, id=f"model.{cause}", node=node
    )


def _said(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    return tuple(each for each in evidence if each.text)
