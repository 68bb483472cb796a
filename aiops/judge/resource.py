"""Why an object beneath an application is not healthy, in its own words.

Argo CD keeps no health of single resources in the Application any more (since 3.0), so this reads the objects:
the kinds of Kubernetes itself by their counters, everything else by its conditions.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from aiops.judge.finding import HOPES, Evidence, Finding, Hope, worst
from aiops.judge.pod import judge_pod
from aiops.judge.text import one_line
from aiops.snapshot import Details, Json, Ref, ref_of

NEGATIVE = frozenset({"Stalled", "Failed", "ReplicaFailure", "Degraded", "Stopped", "Failing"})
"""Conditions that are bad when True; all others are taken as good when True."""
QUIET = frozenset(
    {"Active", "DisruptionAllowed", "Fallback", "Issuing", "Paused", "Progressing", "ScalingLimited", "Suspended"}
)
"""Conditions that say nothing about health, whatever they are."""

TEMPLATE_HASH = "pod-template-hash"
"""The label by which a Deployment tells the pods of one spec from those of another."""


def causes(application: Json, details: Details) -> tuple[Finding, ...]:
    """What is wrong with an application's resources, as far as `details` holds them: the worst first."""
    found: list[Finding] = []
    for each in application.get("status", {}).get("resources") or ():
        ref = Ref(each.get("group", ""), each["kind"], each.get("namespace", ""), each["name"])
        body = details.objects.get(ref)
        if body is not None and (finding := judge_resource(body, details)) is not None:
            found.append(finding)
    return tuple(sorted(found, key=lambda finding: HOPES.index(finding.hope)))


def judge_resource(body: Json, details: Details) -> Finding | None:
    """The resource's own cause with its pods' beneath, or None where it looks well."""
    reason = _REASONS.get(body.get("kind", ""), _by_conditions)(body)
    if reason is None:
        return None
    below = worst(
        finding
        for pod in _pods_of(body, details)
        if (finding := judge_pod(pod, _events_of(pod, details.events))) is not None
    )
    return Finding(
        status="fail",
        symptom=reason.text,
        cause=below.symptom if below else "",
        about=str(ref_of(body)),
        evidence=(Evidence(below.about, below.symptom), *below.evidence) if below else (),
        hope=min(reason.hope, below.hope if below else "yes", key=HOPES.index),
    )


def pause(application: Json, details: Details) -> str | None:
    """What suspends an application on purpose: a paused ScaledObject or a stopped InferenceService.

    KEDA pauses by `paused` or `paused-replicas`, KServe stops by `stop`. None: neither is there.
    """
    for each in application.get("status", {}).get("resources") or ():
        ref = Ref(each.get("group", ""), each["kind"], each.get("namespace", ""), each["name"])
        notes = (details.objects.get(ref) or {}).get("metadata", {}).get("annotations") or {}
        if ref.kind == "ScaledObject" and (
            notes.get("autoscaling.keda.sh/paused") == "true" or "autoscaling.keda.sh/paused-replicas" in notes
        ):
            return f"{ref} is paused"
        if ref.kind == "InferenceService" and notes.get("serving.kserve.io/stop") == "true":
            return f"{ref} is stopped"
    return None


class Reason(NamedTuple):
    """What an object says of itself when it is not well."""

    text: str
    hope: Hope = "yes"


def _replicas(body: Json) -> Reason | None:
    spec, status = body.get("spec", {}), body.get("status", {})
    want, have = int(spec.get("replicas", 1)), int(status.get("readyReplicas") or 0)
    for condition in status.get("conditions") or ():
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
            words = one_line(condition.get("message", ""))
            return Reason(f"cannot make its pods: {words}", "while others move")
    return None if have >= want else Reason(f"{have} of {want} replicas ready")


def _rollout(body: Json) -> Reason | None:
    """Argo CD's own order of questions (gitops-engine pkg/health/health_deployment.go)."""
    spec, status = body.get("spec", {}), body.get("status", {})
    if spec.get("paused"):
        return Reason("paused: its rollout does not go on", "no")
    if _unseen(body):
        return Reason("its controller has not seen the newest spec")
    want, all_of_it = int(spec.get("replicas", 1)), int(status.get("replicas") or 0)
    updated = int(status.get("updatedReplicas") or 0)
    if (failure := _replicas(body)) and failure.hope != "yes":
        return failure
    if updated < want:
        return Reason(f"{updated} of {want} replicas are of the newest spec")
    if all_of_it > updated:
        return Reason(f"{all_of_it - updated} replicas of an older spec stay until the new ones are ready")
    return _replicas(body)


def _unseen(body: Json) -> bool:
    observed = body.get("status", {}).get("observedGeneration") or 0
    return int(observed) < int(body["metadata"].get("generation") or 0)


def _daemonset(body: Json) -> Reason | None:
    status = body.get("status", {})
    if _unseen(body):
        return Reason("its controller has not seen the newest spec")
    want, updated = int(status.get("desiredNumberScheduled") or 0), int(status.get("updatedNumberScheduled") or 0)
    if updated < want:
        return Reason(f"{updated} of {want} nodes have its newest spec")
    have = int(status.get("numberReady") or 0)
    return None if have >= want else Reason(f"{have} of {want} nodes have it ready")


def _job(body: Json) -> Reason | None:
    for condition in body.get("status", {}).get("conditions") or ():
        if condition.get("type") == "Failed" and condition.get("status") == "True":
            return Reason(f"failed: {one_line(condition.get('message', ''))}", "while others move")
        if condition.get("type") == "Complete" and condition.get("status") == "True":
            return None
    return Reason("not complete yet")


def _claim(body: Json) -> Reason | None:
    phase = body.get("status", {}).get("phase")
    return None if phase == "Bound" else Reason(f"{phase or 'Pending'}: no volume is bound to it")


def _service(body: Json) -> Reason | None:
    balanced = body.get("spec", {}).get("type") == "LoadBalancer"
    has_address = body.get("status", {}).get("loadBalancer", {}).get("ingress")
    return Reason("its load balancer has no address yet") if balanced and not has_address else None


def _by_conditions(body: Json) -> Reason | None:
    for condition in body.get("status", {}).get("conditions") or ():
        kind, status = condition.get("type"), condition.get("status")
        if kind not in QUIET and status != ("False" if kind in NEGATIVE else "True"):
            words = condition.get("message") or condition.get("reason") or ""
            return Reason(f"{kind} is {status}: {one_line(words)}".rstrip(": "))
    return None


_REASONS: Mapping[str, Callable[[Json], Reason | None]] = {
    "Deployment": _rollout,
    "StatefulSet": _rollout,
    "ReplicaSet": _replicas,
    "DaemonSet": _daemonset,
    "Job": _job,
    "PersistentVolumeClaim": _claim,
    "Service": _service,
}


def _pods_of(body: Json, details: Details) -> list[Json]:
    """The pods that the workload's selector selects; of a Deployment, those of its newest spec."""
    selector: dict[str, Any] = body.get("spec", {}).get("selector") or {}
    wanted = selector.get("matchLabels") if body.get("kind") != "Service" else None
    if not wanted:
        return []
    pods = [
        pod
        for pod in details.of_kind("Pod", body["metadata"].get("namespace", ""))
        if wanted.items() <= _labels(pod).items()
    ]
    if body.get("kind") != "Deployment" or not pods:
        return pods
    # an older pod says why the old spec failed, which the rollout under way may just be mending
    newest = max(pods, key=lambda pod: pod["metadata"].get("creationTimestamp") or "")
    return [pod for pod in pods if _labels(pod).get(TEMPLATE_HASH) == _labels(newest).get(TEMPLATE_HASH)]


def _labels(pod: Json) -> dict[str, str]:
    return pod["metadata"].get("labels") or {}


def _events_of(pod: Json, events: Iterable[Json]) -> list[Json]:
    uid = pod["metadata"].get("uid")
    return [event for event in events if (event.get("involvedObject") or {}).get("uid") == uid]
