"""Do probes ask for a path that answers without a key?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.containers import Placed, containers_of
from aiops.gitops.declared import Declared
from aiops.gitops.parsing import items, part
from aiops.judge.age import age_s
from aiops.judge.event import events_of, shown, stamp, times_seen
from aiops.judge.finding import Finding
from aiops.judge.guarded import guard
from aiops.judge.pod import statuses
from aiops.judge.probe import PROBES, container_of, is_liveness, refused_with
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_OFTEN = 3
"""Before that the server may not have read its settings yet."""
_RECENT_S = 600.0
_CAUSE = "the kubelet brings no key, so a healthy server never counts as ready, or is restarted for ever"
_FIX = "set the probe to a path that asks for no key (/health of vLLM and SGLang), or to tcpSocket"


def _lint(declared: Declared) -> Iterator[Finding]:
    probed = [
        (each, probe, str(path))
        for each in containers_of(declared)
        for probe in PROBES
        if (path := part(each.container.body, probe, "httpGet").get("path")) and not _brings_key(each, probe)
    ]
    bad = [(each, probe, path, who) for each, probe, path in probed if (who := guard(each.container, path))]
    for each, probe, path, who in bad:
        yield Finding(
            status="fail",
            symptom=f"{probe} of {each} asks for {path}, where {who} wants a key",
            cause=_CAUSE,
            fix=_FIX,
            **of(each.manifest),
            **at(each.place(declared, probe, "httpGet", "path")),
        )
    if not probed:
        yield skip("no container of the tree has a probe that asks for a path")
    elif not bad:
        yield ok(f"none of {len(probed)} probes asks for a path that is known to want a key")


def _brings_key(placed: Placed, probe: str) -> bool:
    headers = items(placed.container.body, probe, "httpGet", "httpHeaders")
    return any(str(each.get("name")).lower() in ("authorization", "x-api-key") for each in headers)


def _judge(look: Look) -> Iterator[Finding]:
    events = tuple(each for each in look.items("events") if refused_with(each))
    bad = [found for pod in look.items("pods") for found in _on_cluster(look, pod, events)]
    yield from bad
    if not bad:
        yield ok("no probe is answered with 401 or 403")


def _on_cluster(look: Look, pod: Json, events: tuple[Json, ...]) -> Iterator[Finding]:
    for status in statuses(pod):
        told = [
            event
            for event in events_of(pod, events)
            if container_of(event) in ("", status["name"]) and _counts(look, event, status)
        ]
        if "running" in (status.get("state") or {}) and told:
            yield Finding(
                status="fail",
                symptom=f"a probe of container {status['name']} of {ref_of(pod)} is answered with"
                f" {refused_with(told[-1])}",
                cause=_CAUSE,
                about=str(ref_of(pod)),
                fix=_FIX,
                evidence=(shown(told[-1]),),
            )


def _counts(look: Look, event: Json, status: Json) -> bool:
    """It was so often, and it is so still."""
    seen_s = age_s(look.at, stamp(event))
    lasts = is_liveness(event) or not status.get("ready")
    return lasts and times_seen(event) >= _OFTEN and seen_s is not None and seen_s <= _RECENT_S


CHECK = Check(
    slug="probe-open",
    group="models",
    title="probes ask for paths that answer without a key",
    reads=("pods", "events"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)
