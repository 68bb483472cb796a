"""Does a second exporter of GPU metrics fight with one that is there already?"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared
from aiops.gitops.gpu_operator import exporters
from aiops.gitops.monitors import body_of
from aiops.gitops.nodes import Place
from aiops.gitops.places import place_in_file
from aiops.gitops.workloads import KINDS
from aiops.judge.age import age_s
from aiops.judge.dcgm import MANAGED, is_exporter
from aiops.judge.finding import Finding, Status
from aiops.judge.provider import is_gke
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_GRACE_S = 300.0
"""So long an exporter that is being replaced may overlap with its successor."""
_CAUSE = f"GKE runs an exporter of its own in {MANAGED}, with an engine that no second one may share"
_BOTH = "each counts the same GPUs: their series are there twice, and their engines fight over the device"
_OF_GOOGLE = re.compile(r"[a-z]+-[a-z]+\d+(-[a-z])?")
"""A region or zone of Google Cloud, as us-central1-a; others write us-east-1, fsn1, westeurope."""


def _lint(declared: Declared) -> Iterator[Finding]:
    config, found = declared.config, list[Finding]()
    every = list(_declared(declared))
    if config and config.gpu_stack == "gke-managed":
        found = [_second(each, "fail") for each in every]
    elif config and config.gpu_stack == "operator" and _OF_GOOGLE.fullmatch(config.cluster.location):
        found = [_on_google(declared, config.cluster.location)]
    elif len(every) > 1:
        found = [_two(every[1], every[0].about)]
    yield from found
    if not (every or found):
        yield skip("the tree deploys no exporter of GPU metrics")
    elif not found:
        yield ok("the tree deploys one exporter of GPU metrics, where nobody else runs one")


def _declared(declared: Declared) -> Iterator[Finding]:
    """What deploys an exporter, in groups that are on: as a finding that does not say yet what is wrong with it."""
    for app in exporters(declared):
        blank = Finding(status="ok", symptom="", about=f"Application {app.name}", owner=f"application {app.name}")
        yield replace(blank, **at(declared.place_in(app, "spec", "source")))
    for each in declared.of(*KINDS):
        if each.application not in declared.off and is_exporter(body_of(each)):
            place = declared.place(each, "spec", "template", "spec", "containers")
            yield replace(Finding(status="ok", symptom=""), **of(each), **at(place))


def _on_google(declared: Declared, location: str) -> Finding:
    path = str(declared.config.path) if declared.config else ""
    file = next((each for each in declared.files.under("") if path.endswith(f"/{each}")), "")
    place = place_in_file(declared.files, file, ("gpu_stack",)) if file else Place("", 0)
    return Finding(
        status="warn",
        symptom=f"gpu_stack is operator, and cluster.location {location} is one of Google Cloud",
        cause=f"on GKE the operator's exporter would be the second: {_CAUSE}",
        fix="set gpu_stack: gke-managed in the config if this is GKE, else cluster.location, then `aiops resolve`",
        about=file if "/" in file else "",
        **at(place),
    )


def _judge(look: Look) -> Iterator[Finding]:
    bodies = (*look.items("daemon-sets"), *(pod for pod in look.items("pods") if _is_alone(pod)))
    every = [each for each in bodies if is_exporter(each)]
    managed = [each for each in every if ref_of(each).namespace == MANAGED]
    others = [each for each in every if ref_of(each).namespace != MANAGED and _is_old(look, each)]
    found: list[Finding] = []
    if others and (managed or is_gke(look.items("nodes"))):
        surely = managed or look.value("config").get("gpuStack") == "gke-managed"
        found = [_second(_blank(each), "fail" if surely else "warn") for each in others]
    elif len(twice := _on_the_same_nodes(others)) > 1:
        found = [_two(_blank(twice[1]), str(ref_of(twice[0])))]
    yield from found
    if not every:
        yield skip("there is no exporter of GPU metrics")
    elif not found:
        yield ok(f"{' and '.join(str(ref_of(each)) for each in every)} has the GPUs of its nodes to itself")


def _blank(body: Json) -> Finding:
    who = ref_of(body)
    command = f"kubectl -n {who.namespace} delete {who.kind.lower()} {who.name}"
    return Finding(status="ok", symptom="", about=str(who), fix=f"{command}  # after it is out of git")


def _second(blank: Finding, status: Status) -> Finding:
    return replace(
        blank,
        status=status,
        symptom=f"{blank.about} is a second exporter of GPU metrics on GKE",
        cause=_CAUSE,
        fix=blank.fix or f"edit it out of git, and add a PodMonitor for the exporter in {MANAGED}",
    )


def _two(blank: Finding, other: str) -> Finding:
    fix = blank.fix or "edit one of the two out of git"
    return replace(
        blank, status="fail", symptom=f"{blank.about} exports GPU metrics, and so does {other}", cause=_BOTH, fix=fix
    )


def _on_the_same_nodes(bodies: Sequence[Json]) -> list[Json]:
    """Those that run where the first one does."""
    running = [each for each in bodies if (each.get("status") or {}).get("desiredNumberScheduled", 1)]
    return [each for each in running if _nodes(each) == _nodes(running[0])]


def _nodes(body: Json) -> object:
    spec = body.get("spec") or {}
    return ((spec.get("template") or {}).get("spec") or spec).get("nodeSelector")


def _is_alone(pod: Json) -> bool:
    return not pod["metadata"].get("ownerReferences")


def _is_old(look: Look, body: Json) -> bool:
    age = age_s(look.at, body["metadata"].get("creationTimestamp"))
    return age is None or age > _GRACE_S


CHECK = Check(
    slug="dcgm-exporter-single",
    group="metrics",
    title="one exporter of GPU metrics runs on a node",
    reads=("daemon-sets", "pods", "nodes", "config"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)
