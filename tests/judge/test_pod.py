"""Why a pod is not ready, in the order of evidence, and whether it may come right."""

from typing import Any

import pytest

from aiops.judge.pod import judge_pod
from aiops.snapshot import Json

FULL = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
FULL_UP = "pod didn't trigger scale-up: 1 max node group size reached"
IN_BACKOFF = "pod didn't trigger scale-up: 1 in backoff after failed scale-up"
LATER = "2026-11-23T04:29:00Z"


def pod(name: str = "m-1", **status: Any) -> Json:
    return {"metadata": {"name": name, "namespace": "models"}, "status": {"phase": "Pending", **status}}


def unschedulable(reason: str = "Unschedulable", message: str = FULL) -> Json:
    condition = {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}
    return pod(conditions=[condition])


def not_ready(message: str = "containers with unready status: [c]") -> list[Json]:
    return [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "False", "message": message}]


def waiting(reason: str, message: str = "", **more: Any) -> Json:
    return {"name": "c", "image": "r.io/m:1", "state": {"waiting": {"reason": reason, "message": message}}, **more}


def ended(reason: str, code: int) -> Json:
    return {"terminated": {"reason": reason, "exitCode": code, "message": "last line"}}


def event(reason: str, message: str, at: str = "2026-11-23T04:28:00Z") -> Json:
    return {"type": "Normal", "reason": reason, "message": message, "lastTimestamp": at}


@pytest.mark.parametrize(
    "body",
    [
        pod(
            phase="Running", conditions=[{"type": "acme/gate", "status": "False"}, {"type": "Ready", "status": "True"}]
        ),
        pod(phase="Succeeded", conditions=not_ready()),
        {**pod(conditions=not_ready()), "metadata": {"name": "m", "deletionTimestamp": "2026-11-23T04:28:00Z"}},
        pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory."),
        pod(phase="Running", containerStatuses=[{"name": "c", "ready": True, "restartCount": 9}]),
    ],
    ids=["ready", "done", "going", "evicted: another has its place", "ready after many restarts"],
)
def test_nothing_to_say(body: Json) -> None:
    assert judge_pod(body) is None


@pytest.mark.parametrize(
    ("body", "symptom", "hope"),
    [
        (unschedulable(), f"no node takes it: {FULL}", "yes"),
        (unschedulable("SchedulingGated", ""), "no node takes it: SchedulingGated", "yes"),
        (pod(containerStatuses=[waiting("InvalidImageName")]), "InvalidImageName: r.io/m:1", "no"),
        (pod(containerStatuses=[waiting("ErrImagePull", "not found")]), "ImagePullBackOff: r.io/m:1", "yes"),
        (pod(containerStatuses=[waiting("ImagePullBackOff", "i/o timeout")]), "ImagePullBackOff: r.io/m:1", "yes"),
        (
            pod(containerStatuses=[waiting("CreateContainerConfigError", 'secret "s" not found')]),
            'CreateContainerConfigError: secret "s" not found',
            "while others move",
        ),
        (pod(containerStatuses=[waiting("RunContainerError", "x")]), "RunContainerError: x", "while others move"),
        (pod(phase="Running", conditions=not_ready()), "not ready: containers with unready status: [c]", "yes"),
        (pod(phase="Running", reason="NodeLost", conditions=not_ready("node lost")), "not ready: node lost", "yes"),
        (pod(phase="Failed", message="deadline"), "failed: deadline", "yes"),
        (pod(phase="Failed"), "failed: it ended with an error", "yes"),
    ],
)
def test_the_cause(body: Json, symptom: str, hope: str) -> None:
    finding = judge_pod(body)
    assert finding is not None
    assert (finding.status, finding.about) == ("fail", "Pod models/m-1")
    assert (finding.symptom, finding.hope) == (symptom, hope)


@pytest.mark.parametrize(
    "said",
    [
        "manifest unknown",
        'failed to resolve reference "r.io/m:1": r.io/m:1: not found',
        "401 Unauthorized",
        "pull access denied",
        "403 Forbidden",
        "no space left on device",
    ],
)
def test_an_image_that_no_pull_brings(said: str) -> None:
    finding = judge_pod(pod(containerStatuses=[waiting("ImagePullBackOff", f"Back-off pulling image: {said}")]))
    assert finding is not None
    assert finding.hope == "no"
    assert said in finding.evidence[0].text


@pytest.mark.parametrize(
    ("events", "hope", "said"),
    [
        ([], "yes", ()),
        ([event("Scheduled", "x")], "yes", ()),
        ([event("TriggeredScaleUp", "up: gpu 0->1")], "yes", ("event TriggeredScaleUp: up: gpu 0->1",)),
        ([event("NotTriggerScaleUp", FULL_UP)], "while others move", (f"event NotTriggerScaleUp: {FULL_UP}",)),
        ([event("NotTriggerScaleUp", IN_BACKOFF)], "yes", None),
        ([event("NotTriggerScaleUp", "pod didn't trigger scale-up: 1 not ready for scale-up")], "yes", None),
        ([event("FailedScaleUp", "GCE quota exceeded")], "while others move", None),
        ([event("FailedScaleUp", "out of resources")], "yes", None),
        (
            [event("TriggeredScaleUp", "new", LATER), event("NotTriggerScaleUp", "old")],
            "yes",
            ("event TriggeredScaleUp: new",),
        ),
        (
            [event("TriggeredScaleUp", "old"), {**event("NotTriggerScaleUp", "new", ""), "eventTime": LATER}],
            "while others move",
            ("event NotTriggerScaleUp: new",),
        ),
    ],
)  # fmt: skip
def test_what_the_autoscaler_said_last(events: list[Json], hope: str, said: tuple[str, ...] | None) -> None:
    finding = judge_pod(unschedulable(), events)
    assert finding is not None
    assert finding.hope == hope
    if said is not None:
        assert tuple(str(each) for each in finding.evidence) == said


@pytest.mark.parametrize(
    ("container", "symptom", "hope"),
    [
        (
            waiting("CrashLoopBackOff", restartCount=1, lastState=ended("OOMKilled", 137)),
            "container c keeps ending: OOMKilled, exit code 137",
            "yes",
        ),
        (
            waiting("CrashLoopBackOff", restartCount=3, lastState=ended("Error", 1)),
            "container c keeps ending: Error, exit code 1",
            "while others move",
        ),
        (
            {"name": "c", "ready": False, "state": {"running": {}}, "restartCount": 2, "lastState": ended("Error", 1)},
            "container c keeps ending: Error, exit code 1",
            "yes",
        ),
        (
            {"name": "c", "ready": False, "state": ended("OOMKilled", 137), "restartCount": 3},
            "container c keeps ending: OOMKilled, exit code 137",
            "while others move",
        ),
        ({"name": "c", "ready": False, "state": {"running": {}}, "restartCount": 1}, "not ready: loading", "yes"),
    ],
    ids=["in back-off", "given up", "running again", "just ended", "one restart is none too many"],
)
def test_a_crash_loop(container: Json, symptom: str, hope: str) -> None:
    body = pod(phase="Running", containerStatuses=[container], conditions=not_ready("loading"))
    finding = judge_pod(body)
    assert finding is not None
    assert (finding.symptom, finding.hope) == (symptom, hope)
    assert all(each.text == "last line" for each in finding.evidence)


def test_the_last_words_are_evidence() -> None:
    container = waiting("CrashLoopBackOff", restartCount=1, lastState=ended("Error", 1))
    finding = judge_pod(pod(containerStatuses=[container]))
    assert finding is not None
    assert [str(each) for each in finding.evidence] == ["its last words: last line"]


def test_a_pull_reads_the_same_at_each_try() -> None:
    symptoms = {
        finding.symptom
        for reason in ("ErrImagePull", "ImagePullBackOff")
        if (finding := judge_pod(pod(containerStatuses=[waiting(reason)])))
    }
    assert len(symptoms) == 1


@pytest.mark.parametrize(
    ("status", "symptom"),
    [
        (
            {
                "initContainerStatuses": [waiting("InvalidImageName", image="init:1")],
                "containerStatuses": [waiting("PodInitializing")],
            },
            "InvalidImageName: init:1",
        ),
        (
            {"containerStatuses": [waiting("InvalidImageName")], "conditions": unschedulable()["status"]["conditions"]},
            f"no node takes it: {FULL}",
        ),
        ({"containerStatuses": [waiting("InvalidImageName")], "conditions": not_ready()}, "InvalidImageName: r.io/m:1"),
        (
            {"initContainerStatuses": [{**waiting("PodInitializing"), "ready": True, "restartCount": 5}],
             "containerStatuses": [waiting("InvalidImageName")]},
            "InvalidImageName: r.io/m:1",
        ),
    ],
    ids=["init container first", "scheduling first", "container before condition", "init container that is done"],
)  # fmt: skip
def test_the_order_of_evidence(status: dict[str, Any], symptom: str) -> None:
    finding = judge_pod(pod(**status))
    assert finding is not None
    assert finding.symptom == symptom
