"""Is the version of Kubernetes one that aiops was tested with?"""

import re
from collections.abc import Iterator

from aiops.checks.check import Check, ok
from aiops.judge.finding import Finding
from aiops.snapshot.look import Look

OLDEST = (1, 30)
"""Aggregated discovery is stable since then (KEP-3352), and aiops asks for it."""
TESTED, ALIKE = (1, 36), (1, 34)
"""Where aiops' scenarios run, and the oldest that Kubernetes itself supports beside it."""


def _judge(look: Look) -> Iterator[Finding]:
    version = str(look.value("version").get("gitVersion", ""))
    match = re.match(r"v?(\d+)\.(\d+)", version)
    if match is None:
        yield Finding(
            status="unknown",
            symptom=f"the API server does not say its version: {version or 'nothing'}",
            fix="kubectl version",
        )
        return
    found = (int(match[1]), int(match[2]))
    if found == TESTED:
        yield ok(f"Kubernetes {version}")
    elif ALIKE <= found < TESTED:
        yield ok(f"Kubernetes {version}; aiops is tested with {_words(TESTED)}")
    elif found < OLDEST:
        yield Finding(
            status="fail",
            symptom=f"Kubernetes {version} is older than what aiops can work with, {_words(OLDEST)}",
            cause="it does not serve the aggregated discovery that tells which kinds there are",
            fix="upgrade the control plane",
        )
    else:
        yield Finding(
            status="warn",
            symptom=f"Kubernetes {version} is not the one that aiops is tested with, {_words(TESTED)}",
            cause="what aiops reads is stable API, but nobody has run its scenarios on this version",
            fix="upgrade the control plane"
            if found < TESTED
            else "upgrade aiops, or read what changed in that version",
        )


def _words(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


CHECK = Check(
    slug="kubernetes-version",
    group="cluster",
    title="Kubernetes is a version that aiops is tested with",
    reads=("version",),
    needs=("cluster-reachable",),
    prerequisite=True,
    judge=_judge,
)
