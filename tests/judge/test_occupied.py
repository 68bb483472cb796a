"""Who else wants the GPUs that are there, and whether there is room for one more model."""

from typing import Any

import pytest

from aiops.judge.finding import Finding
from aiops.judge.model import model_of
from aiops.judge.occupied import occupied
from aiops.judge.scaling import Before
from aiops.snapshot import Json
from tests.judge.models import ago, node
from tests.judge.saved import changed
from tests.judge.test_stoppable import deployment, pod

OWN, OTHER = deployment(0), deployment(name="coder", selector={"matchLabels": {"app": "coder"}})
JOB = pod("train-a", owner="Job train", labels={})


def judged(
    deployments: tuple[Json, ...] = (OTHER,), pods: tuple[Json, ...] = (), nodes: tuple[Json, ...] = (), own: Json = OWN
) -> Finding | None:
    return occupied(
        Before(application={}, model=model_of(own), deployments=(own, *deployments), pods=pods, nodes=nodes)
    )


def test_the_only_gpu_is_taken() -> None:
    finding = judged(nodes=(node(),))
    assert finding is not None
    assert (finding.status, finding.id, finding.about) == ("fail", "model.gpu-taken", "Deployment models/coder")
    assert finding.symptom == "no GPU is free: Deployment models/coder (1 GPU)"
    assert "aiops vllm-down" in finding.fix
    assert "--anyway" in finding.fix


@pytest.mark.parametrize(
    "nodes",
    [
        (),
        (node(gpus=None),),
        (node(gpus=0),),
        (node(gpus=1),),
        (node(gpus=1), node("gpu-2", unschedulable=True)),
        (node(gpus=1), node("gpu-2", going=ago(5))),
        (node(gpus=1), {"metadata": {"name": "new"}}, {"metadata": {"name": "x"}, "status": {"allocatable": None}}),
    ],
    ids=["the pool is at 0", "no driver yet", "none allocatable", "one for two", "a cordoned node", "a leaving node",
         "nodes without a word"],
)  # fmt: skip
def test_there_is_no_room_beside_another_model(nodes: tuple[Json, ...]) -> None:
    assert judged(nodes=nodes) is not None


@pytest.mark.parametrize(
    "nodes", [(node(gpus=2),), (node(), node("gpu-2"))], ids=["a second GPU", "a second node"]
)  # fmt: skip
def test_there_is_a_gpu_for_each(nodes: tuple[Json, ...]) -> None:
    assert judged(nodes=nodes) is None


def test_a_model_needs_all_its_gpus_free() -> None:
    own = deployment(0, gpus=2)
    assert judged(nodes=(node(gpus=2),), own=own) is not None
    assert judged(nodes=(node(gpus=3),), own=own) is None


def test_another_model_takes_the_gpus_of_all_its_pods() -> None:
    finding = judged((changed(OTHER, "spec.replicas", 2),), nodes=(node(gpus=2),))
    assert finding is not None
    assert finding.symptom == "no GPU is free: Deployment models/coder (2 GPU)"


@pytest.mark.parametrize("nodes", [(), (node(gpus=0),), (node(),)], ids=["at 0", "no driver yet", "free"])
def test_alone_there_is_nothing_to_share(nodes: tuple[Json, ...]) -> None:
    assert judged((), nodes=nodes) is None


@pytest.mark.parametrize(
    ("deployments", "pods", "who"),
    [
        ((), (JOB,), "Pod models/train-a (1 GPU)"),
        ((OTHER,), (pod("coder-1", labels={"app": "coder"}),), "Deployment models/coder (1 GPU)"),
        ((OTHER,), (JOB,), "Deployment models/coder (1 GPU), Pod models/train-a (1 GPU)"),
        ((deployment(namespace="other"),), (), "Deployment other/chat (1 GPU)"),
    ],
    ids=["a Job", "a model with its pod is one", "both", "a namesake elsewhere"],
)
def test_who_else_wants_one(deployments: tuple[Json, ...], pods: tuple[Json, ...], who: str) -> None:
    finding = judged(deployments, pods, (node(),))
    assert finding is not None
    assert finding.symptom == f"no GPU is free: {who}"


@pytest.mark.parametrize(
    ("deployments", "pods", "changes"),
    [
        ((), (pod(),), {}),
        ((), (pod(),), {"spec.replicas": 1}),
        ((), (pod("train-a", owner="Job train", labels={}, phase="Succeeded"),), {}),
        ((), (pod("train-a", owner="Job train", labels={}, phase="Failed"),), {}),
        ((changed(OTHER, "spec.replicas", 0),), (), {}),
        ((changed(OTHER, "spec.replicas", 0),), (pod("coder-1", labels={"app": "coder"}, going=ago(5)),), {}),
        ((deployment(name="web", gpus=0),), (), {}),
    ],
    ids=["its own pod", "itself", "a Job that is done", "a Job that failed", "a model at 0", "a model on its way down",
         "no GPU"],
)  # fmt: skip
def test_who_does_not_count(deployments: tuple[Json, ...], pods: tuple[Json, ...], changes: dict[str, Any]) -> None:
    own = OWN
    for path, value in changes.items():
        own = changed(own, path, value)
    assert judged(deployments, pods, (), own) is None
