"""KServe's idle pause: proof is the pods, not a status."""

import json
from collections.abc import Iterator

import pytest

from tests.scenarios.cluster import eventually, get
from tests.scenarios.conftest import Operator

pytestmark = pytest.mark.long

APPLICATION, SERVICE, NAMESPACE = "kserve-demo", "qwen-cpu", "demos"
STOP = "serving.kserve.io/stop"


@pytest.fixture
def demo(standing: Operator) -> Iterator[Operator]:
    """The demo is deployed, and its pods are there."""
    assert standing("sync", APPLICATION).code == 0
    eventually(standing.cluster, "its pods are there", lambda: bool(pods(standing)))
    yield standing
    standing("resume", APPLICATION)


def pods(operator: Operator) -> list[str]:
    label = f"serving.kserve.io/inferenceservice={SERVICE}"
    return operator.cluster.kubectl("-n", NAMESPACE, "get", "pods", "-l", label, "-o", "name").split()


def notes(operator: Operator) -> dict[str, str]:
    found: dict[str, str] = get(operator.cluster, "inferenceservice", SERVICE, NAMESPACE)["metadata"]["annotations"]
    return found


@pytest.mark.parametrize("name", [APPLICATION, SERVICE, f"{NAMESPACE}/{SERVICE}"])
def test_paused_and_resumed(demo: Operator, name: str) -> None:
    down = demo("pause", name)
    assert down.code == 0, down
    assert f"InferenceService {NAMESPACE}/{SERVICE}: paused" in down.out, down
    assert (pods(demo), notes(demo)[STOP]) == ([], "true")
    again = demo("pause", name)
    assert again.code == 0, again
    assert "was down" in again.out, again
    waited = demo("wait", "--profile", "full")
    assert waited.code == 0, waited
    up = demo("resume", name)
    assert up.code == 0, up
    assert "1 pod ready" in up.out, up
    assert len(pods(demo)) == 1
    assert STOP not in notes(demo)


def test_what_costs_money_says_so(demo: Operator) -> None:
    """An InferenceService on a GPU: its price before, its node and what stops it after."""
    limits = {"limits": {"nvidia.com/gpu": "1"}}
    container = {"name": "kserve-container", "image": "example.invalid/model:1", "resources": limits}
    body = {
        "apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService",
        "metadata": {"name": "big", "namespace": NAMESPACE, "annotations": {STOP: "true"}},
        "spec": {"predictor": {"containers": [container]}},
    }  # fmt: skip
    demo.cluster.kubectl("apply", "-f", "-", text=json.dumps(body))
    up = demo("resume", "big")
    assert up.code == 0, up
    assert "asks for 1 GPU: an hour costs 0.85" in up.text, up
    assert f"aiops pause {NAMESPACE}/big" in up.out, up
    left = demo("vllm-down", "--all", "--timeout", "5s")
    assert f"`aiops pause {NAMESPACE}/big` stops it" in left.out, left
    down = demo("pause", "big")
    assert down.code == 0, down
    assert "bills until it leaves" in down.out, down
    demo.cluster.kubectl("-n", NAMESPACE, "delete", "inferenceservice", "big")


def test_nobody_of_that_name(standing: Operator) -> None:
    outcome = standing("pause", "qwen-gpu")
    assert outcome.code == 2, outcome
    assert "no application `qwen-gpu`" in outcome.text, outcome
