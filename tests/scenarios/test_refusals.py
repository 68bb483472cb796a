"""What `vllm-up` refuses before it writes anything: each for real, with what to do about it."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.scenarios.cluster import eventually, get, patch_status
from tests.scenarios.conftest import Operator, Outcome
from tests.scenarios.models import (
    MODEL,
    NAMESPACE,
    RAISED,
    deployment,
    gpu_nodes,
    model_server,
    replicas,
    scale,
)

pytestmark = pytest.mark.long

Changed = Callable[..., str]
Obstacle = Callable[[Operator], AbstractContextManager[None]]
CATALOG = "clusters/lab/catalog/serving-core/vllm-qwen.yaml"
OTHER = "coder-fim"
SECRET, PAUSED, PINNED = "vllm-api-key", "autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas"


@pytest.fixture
def deployed(standing: Operator) -> Operator:
    """The model is deployed, at 0."""
    assert standing("sync", MODEL).code == 0
    return standing


def kubectl(operator: Operator, *words: str) -> str:
    return operator.cluster.kubectl("-n", NAMESPACE, *words)


def refused(operator: Operator, *words: str) -> Outcome:
    """Refused, with what to do; the Deployment is as it was."""
    before = deployment(operator)
    outcome = operator("vllm-up", MODEL, *words)
    assert outcome.code == 3, outcome
    assert f"{MODEL} is not scaled up:" in outcome.err, outcome
    assert deployment(operator) == before, outcome
    return outcome


def test_a_model_that_was_never_synced(standing: Operator) -> None:
    outcome = standing("vllm-up", OTHER)
    assert outcome.code == 3, outcome
    assert f"{OTHER} was never synced" in outcome.err, outcome
    assert f"`aiops sync {OTHER}` deploys it" in outcome.err, outcome


@pytest.mark.parametrize(
    ("name", "words"),
    [("vllm-qwn", "did you mean `vllm-qwen`?"), ("embeddings", "embeddings has no Deployment that asks for a GPU")],
)
def test_what_is_no_gpu_model(standing: Operator, name: str, words: str) -> None:
    outcome = standing("vllm-up", name)
    assert outcome.code == 2, outcome
    assert words in outcome.err, outcome


def unkept(text: str) -> str:
    """Without the one half of what keeps live replicas."""
    return re.sub(r"  ignoreDifferences:\n(    .*\n)+", "", text)


def disrespectful(text: str) -> str:
    """Without the other half."""
    return re.sub(r".*RespectIgnoreDifferences=true\n", "", text)


@pytest.mark.parametrize("edit", [unkept, disrespectful])
def test_argocd_would_set_it_back(deployed: Operator, changed: Changed, edit: Callable[[str], str]) -> None:
    changed((CATALOG, edit))
    assert deployed("wait", "--profile", "serving").code == 0
    outcome = refused(deployed)
    where = f"Deployment {NAMESPACE}/{MODEL}"
    assert f"Argo CD would set {where} back to the replicas of git at the next sync" in outcome.err, outcome
    assert f"give application {MODEL} ignoreDifferences for /spec/replicas" in outcome.err, outcome


def test_a_sync_is_running(deployed: Operator) -> None:
    with deployed.cluster.stalled("argocd-application-controller"):
        operation = json.dumps({"operation": {"sync": {}}})
        deployed.cluster.kubectl("-n", "argocd", "patch", "application", MODEL, "--type=merge", "-p", operation)
        outcome = refused(deployed)
    assert f"a sync of application {MODEL} is running" in outcome.err, outcome
    assert "wait until it is over, then run this again" in outcome.err, outcome
    eventually(deployed.cluster, "it is over", lambda: "operation" not in get(deployed.cluster, "application", MODEL))


@contextmanager
def by_hand(operator: Operator) -> Iterator[None]:
    """The ExternalSecret's operator leaves it alone, and mends everything afterwards."""
    kubectl(operator, "annotate", "externalsecret", SECRET, "aiops.dev/simulate=off")
    try:
        yield
    finally:
        kubectl(operator, "annotate", "externalsecret", SECRET, "aiops.dev/simulate-")
        kubectl(operator, "wait", "externalsecret", SECRET, "--for=condition=Ready", "--timeout=60s")
        eventually(
            operator.cluster, "the Secret is back", lambda: SECRET in kubectl(operator, "get", "secrets", "-o", "name")
        )


@contextmanager
def no_secret(operator: Operator) -> Iterator[None]:
    with by_hand(operator):
        kubectl(operator, "delete", "secret", SECRET)
        yield


@contextmanager
def not_ready(operator: Operator) -> Iterator[None]:
    why = {"type": "Ready", "status": "False", "reason": "SecretSyncedError", "message": "permission denied on secret"}
    with by_hand(operator):
        patch_status(operator.cluster, "externalsecret", SECRET, {"conditions": [why]}, NAMESPACE)
        yield


def annotated(*notes: str) -> Obstacle:
    """The ScaledObject with other annotations."""

    @contextmanager
    def around(operator: Operator) -> Iterator[None]:
        kubectl(operator, "annotate", "scaledobject", MODEL, "--overwrite", *notes)
        try:
            yield
        finally:
            kubectl(operator, "annotate", "scaledobject", MODEL, "--overwrite", f"{PAUSED}=true", f"{PINNED}-")

    return around


OBSTACLES: dict[str, tuple[Obstacle, str, str]] = {
    "no Secret": (
        no_secret,
        f"Secret {NAMESPACE}/{SECRET} with key api-key is not there, and {MODEL} needs it",
        f"kubectl -n {NAMESPACE} describe externalsecret {SECRET}",
    ),
    "a Secret that may be stale": (
        not_ready,
        f"ExternalSecret {NAMESPACE}/{SECRET} is not Ready: permission denied on secret",
        f"kubectl -n {NAMESPACE} describe externalsecret {SECRET}",
    ),
    "KEDA runs": (
        annotated(f"{PAUSED}-"),
        f"ScaledObject {NAMESPACE}/{MODEL} is not paused: KEDA sets the replicas, between 1 and 2",
        f"kubectl -n {NAMESPACE} annotate scaledobject {MODEL} --overwrite {PAUSED}=true",
    ),
    "KEDA pins it": (
        annotated(f"{PINNED}=0"),
        f"ScaledObject {NAMESPACE}/{MODEL} pins it to 0 replicas ({PINNED})",
        f"kubectl -n {NAMESPACE} annotate scaledobject {MODEL} --overwrite {PINNED}- {PAUSED}=true",
    ),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_stands_in_the_way(deployed: Operator, name: str) -> None:
    """Also with --anyway, which is about the GPU alone."""
    obstacle, words, fix = OBSTACLES[name]
    with obstacle(deployed):
        for options in ((), ("--anyway",)):
            outcome = refused(deployed, *options)
            assert words in outcome.err, outcome
            assert fix in outcome.err, outcome


def test_everything_at_once(deployed: Operator) -> None:
    with no_secret(deployed), annotated(f"{PINNED}=0")(deployed):
        outcome = refused(deployed)
    for name in ("no Secret", "KEDA pins it"):
        _, words, fix = OBSTACLES[name]
        assert words in outcome.err, outcome
        assert fix in outcome.err, outcome


@pytest.fixture
def served(deployed: Operator) -> Iterator[Operator]:
    """A server is behind the model's pods; afterwards all models are at 0 and their nodes gone."""
    with model_server(deployed):
        yield deployed
    outcome = deployed("vllm-down", "--all")
    assert outcome.code == 0, outcome


def test_another_model_holds_the_only_gpu(served: Operator) -> None:
    """It is named; --anyway asks for one more."""
    assert served("sync", OTHER).code == 0
    scale(served, 1, OTHER)
    eventually(served.cluster, "it has its node", lambda: bool(gpu_nodes(served)))
    outcome = refused(served)
    assert f"no GPU is free: Deployment {NAMESPACE}/{OTHER} (1 GPU)" in outcome.err, outcome
    assert "`aiops vllm-down`; --anyway asks for one more GPU" in outcome.err, outcome
    outcome = served("vllm-up", MODEL, "--anyway")
    assert outcome.code == 0, outcome
    assert (replicas(served), replicas(served, OTHER), len(gpu_nodes(served))) == (1, 1, 2)


def test_two_replicas_stay_two(served: Operator) -> None:
    """As with the overlay for high availability: nothing is scaled, and nobody's mark is on it."""
    scale(served, 2)
    spec = deployment(served)["spec"]
    outcome = served("vllm-up", MODEL)
    assert outcome.code == 0, outcome
    up = f"Deployment {NAMESPACE}/{MODEL} is up already (2 replicas), raised by kubectl, not by aiops: left to them"
    assert up in outcome.text, outcome
    assert deployment(served)["spec"] == spec
    assert RAISED not in deployment(served)["metadata"]["annotations"]
