"""Does a container get the time that it needs for its first start?"""

import re
from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.containers import Placed, containers_of
from aiops.gitops.declared import Declared
from aiops.gitops.parsing import part
from aiops.judge.command_line import CommandLine
from aiops.judge.event import events_of, shown, times_seen
from aiops.judge.finding import Finding
from aiops.judge.hub import CACHES, OFFLINE, is_offline
from aiops.judge.pod import restarts, statuses
from aiops.judge.probe import budget_s, kills, never_ready, refused_with
from aiops.judge.serving_images import serves_with_vllm
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_LEAST_S = 120.0
"""For what loads weights or fetches something first."""
_INSTALLS = re.compile(r"\b(npx|uvx|pipx run|(pip|npm|uv pip) install)\b")
_CAUSE = "the kubelet counts from the container's start, and restarts it before it is up: it begins anew each time"


def _lint(declared: Declared) -> Iterator[Finding]:
    probed = [(each, killer) for each in containers_of(declared) if (killer := _killer(each))]
    bad = [found for each, killer in probed for found in _in_git(declared, each, killer)]
    yield from bad
    if not probed:
        yield skip("no container of the tree has a livenessProbe or a startupProbe")
    elif not bad:
        yield ok(f"{len(probed)} containers have time for their first start")


def _killer(placed: Placed) -> str:
    """The probe that ends a start which takes too long: with a startupProbe the other one waits."""
    return next((probe for probe in ("startupProbe", "livenessProbe") if part(placed.container.body, probe)), "")


def _in_git(declared: Declared, placed: Placed, killer: str) -> Iterator[Finding]:
    body = placed.container.body
    budget, ready = budget_s(part(body, killer)), budget_s(part(body, "readinessProbe"))
    loads, waits = serves_with_vllm(body), bool(part(body, "readinessProbe")) and killer == "livenessProbe"
    if loads and budget < _LEAST_S:
        why = "vLLM loads its weights for longer"
    elif waits and budget < ready:
        why = f"its readinessProbe gives it {ready:.0f} s"
    elif killer == "livenessProbe" and budget < _LEAST_S and _fetches(placed):
        why = "it fetches something at its first start"
    else:
        return
    yield Finding(
        status="fail" if loads and budget < _LEAST_S else "warn",
        symptom=f"the {killer} of {placed} ends a start after {budget:.0f} s, and {why}",
        cause=_CAUSE,
        fix=_fix(killer),
        **of(placed.manifest),
        **at(placed.place(declared, killer)),
    )


def _fetches(placed: Placed) -> bool:
    """It keeps a cache of Hugging Face's hub and may go there, or it installs what it runs."""
    container = placed.container
    keeps = any(name in container.env for name in CACHES) and not is_offline(container, OFFLINE[0])
    return keeps or bool(_INSTALLS.search(" ".join(CommandLine(container.body).words)))


def _judge(look: Look) -> Iterator[Finding]:
    events = look.items("events")
    bad = [found for pod in look.items("pods") for found in _on_cluster(pod, events)]
    yield from bad
    if not bad:
        yield ok("no container was killed by a probe before it was ready for the first time")


def _on_cluster(pod: Json, events: tuple[Json, ...]) -> Iterator[Finding]:
    if not never_ready(pod):
        return
    own = events_of(pod, events)
    if any(refused_with(event) for event in own):
        return  # probe-open tells of a probe that is refused
    for status in statuses(pod):
        killed = next(kills(status["name"], own), None)
        if killed and restarts(status) and not status.get("ready"):
            probe, event = killed
            yield Finding(
                status="fail",
                symptom=f"container {status['name']} of {ref_of(pod)} was killed by its {probe}Probe before it was"
                f" ever ready, {max(times_seen(event), restarts(status))} times",
                cause=_CAUSE,
                about=str(ref_of(pod)),
                fix=_fix(f"{probe}Probe"),
                evidence=(shown(event),),
            )


def _fix(killer: str) -> str:
    if killer == "startupProbe":
        return "raise failureThreshold of its startupProbe"
    return "add a startupProbe with a failureThreshold for the longest start"


CHECK = Check(
    slug="startup-budget",
    group="models",
    title="containers get the time that their first start needs",
    reads=("pods", "events"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)
