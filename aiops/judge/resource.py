"""Why an object beneath an application is not healthy, in its own words.

Argo CD keeps no health of single resources in the Application any more (since 3.0), so this reads the objects
and the pods beneath them.
"""

from aiops.judge.event import events_of
from aiops.judge.finding import HOPES, Evidence, Finding, worst
from aiops.judge.keda import autoscaling
from aiops.judge.pod import judge_pod
from aiops.judge.reason import reason_of
from aiops.snapshot import Details, Json, Ref, ref_of

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
    reason = reason_of(body)
    if reason is None:
        return None
    below = worst(
        finding
        for pod in _pods_of(body, details)
        if (finding := judge_pod(pod, events_of(pod, details.events))) is not None
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
        body = details.objects.get(ref) or {}
        notes = body.get("metadata", {}).get("annotations") or {}
        if ref.kind == "ScaledObject" and autoscaling(body).paused:
            return f"{ref} is paused"
        if ref.kind == "InferenceService" and notes.get("serving.kserve.io/stop") == "true":
            return f"{ref} is stopped"
    return None


def _pods_of(body: Json, details: Details) -> list[Json]:
    """The pods that the workload's selector selects; of a Deployment, those of its newest spec."""
    wanted = (body.get("spec", {}).get("selector") or {}).get("matchLabels")
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
