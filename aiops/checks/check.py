"""What a check is, and what came of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.nodes import Place
from aiops.judge.finding import Finding, Status
from aiops.snapshot.look import Look

Group = Literal[
    "config",
    "cluster",
    "argocd",
    "git",
    "layers",
    "storage",
    "network",
    "secrets",
    "gpu",
    "autoscaling",
    "models",
    "gateway",
    "metrics",
]
GROUPS: tuple[Group, ...] = get_args(Group)
WORST_FIRST: tuple[Status, ...] = ("fail", "unknown", "warn", "suppressed", "skip", "ok")


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question to the platform, put to what is live, to what its tree declares, or to both.

    Its slug names its file, its runbook and its cases, and is never used again.
    """

    slug: str
    group: Group
    title: str
    """What holds where it is ok, as a sentence without its full stop."""
    reads: tuple[str, ...] = ()
    """Every part of the look that `judge` may use."""
    needs: tuple[str, ...] = ()
    """Slugs of the checks without which `judge` would mean nothing; all of them earlier in the registry."""
    prerequisite: bool = False
    """It has to hold before the first layer is applied."""
    judge: Callable[[Look], Iterable[Finding]] | None = None
    """What is live. A pure function; at least one finding, or a skip. May raise NotRead: then it is unknown."""
    lint: Callable[[Declared], Iterable[Finding]] | None = None
    """What the tree declares, without a cluster. A pure function; at least one finding, or a skip."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A check with what it found."""

    check: Check
    findings: tuple[Finding, ...]
    """The worst first; never empty."""
    because: str = ""
    """Slug of the check that has to pass first; empty where this one was judged."""

    @property
    def status(self) -> Status:
        """Of its worst finding."""
        return self.findings[0].status


def skip(because: str) -> Finding:
    """There is nothing to judge, and why."""
    return Finding(status="skip", symptom=because)


def ok(symptom: str) -> Finding:
    """It holds."""
    return Finding(status="ok", symptom=symptom)


def at(place: Place) -> dict[str, Any]:
    """The fields of a Finding that say where something is written."""
    return {"file": place.file, "line": place.line}


def of(manifest: Manifest) -> dict[str, Any]:
    """The fields of a Finding that say which declared object it is about, and who deploys it."""
    return {"about": str(manifest), "owner": owned_by(manifest.application)}


def owned_by(application: str) -> str:
    """Owner of a finding, by the name of the application that deploys it; empty where none does."""
    return f"application {application}" if application else ""
