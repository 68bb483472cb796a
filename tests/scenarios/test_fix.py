"""`doctor --fix` before a platform that needs it: nothing without a yes, the one write with it, and then it is well."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest

from aiops.operations.fixes import FIXES
from aiops.snapshot import Json, ref_of
from tests.scenarios.breaking import (
    BAD,
    PROFILE,
    UNTOUCHED,
    as_if_long_ago,
    by_kubectl,
    doctor,
    made,
    of_another_repository,
    settle,
    started_long_ago,
)
from tests.scenarios.by_hand import OFF, stamp
from tests.scenarios.cluster import Cluster, eventually, get, patch_status
from tests.scenarios.commits import CHECKED, CHECKER, FOLDER, committed, gave_up, given_up_on, sync
from tests.scenarios.conftest import Operator
from tests.scenarios.models import MODEL, NAMESPACE, gpu_nodes, model_server

pytestmark = pytest.mark.long

PAUSED = "autoscaling.keda.sh/paused"
EXTERNAL, EXTERNAL_IN = "dex-secrets", "dex"
SERVICE = "never-none"
WRITTEN = ("applications", "externalsecrets", "scaledobjects", "inferenceservices")
"""The kinds to which a cure writes."""


@dataclass(frozen=True)
class Ill:
    """A platform on which a check finds something that has a cure."""

    about: str
    """One of the objects that the cure writes to."""
    how: Callable[[Operator], AbstractContextManager[object]]
    """Makes it so; within it, what lies beneath is mended already, so that the cure can work."""
    meanwhile: Callable[[Operator], None] = lambda _: None
    """What the world does once the cure is written."""


def versions(cluster: Cluster) -> Mapping[str, Json]:
    """Everything that a cure could write to, without the status, which its operator writes whenever it likes."""
    found = json.loads(cluster.kubectl("get", ",".join(WRITTEN), "-A", "-o", "json"))["items"]
    for each in found:
        each.pop("status", None)
        del each["metadata"]["resourceVersion"]
    return {str(ref_of(each)): each for each in found}


@contextmanager
def untouched(operator: Operator) -> Iterator[None]:
    """Nothing that a cure could write to is written; Argo CD, which writes to it by itself, is held still."""
    with operator.cluster.stalled("argocd-application-controller"):
        before = versions(operator.cluster)
        yield
        assert versions(operator.cluster) == before


@contextmanager
def with_namespace(operator: Operator) -> Iterator[None]:
    """A sync that Argo CD has given up on, for a namespace that somebody has made by now."""
    with gave_up(operator):
        operator.cluster.kubectl("create", "namespace", "elsewhere")
        yield
    operator.cluster.kubectl("delete", "namespace", "elsewhere", "--wait=false")


@contextmanager
def answered_again(operator: Operator) -> Iterator[None]:
    """A sync that failed on a webhook whose server is up by now."""
    slice_ = {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "checker-1", "namespace": FOLDER, "labels": {"kubernetes.io/service-name": "checker"}},
        "endpoints": [{"addresses": ["10.0.0.9"], "conditions": {"ready": True}}], "ports": [{"port": 443}],
    }  # fmt: skip
    with made(operator.cluster, CHECKER), given_up_on(operator, "platform/keda/checked.yaml", CHECKED):
        nothing = operator("doctor", *PROFILE, "--fix", "webhooks-answer", "--yes")
        assert nothing.code == 3, nothing
        assert "nothing of it can be cured by a write to the cluster: keda: the sync failed" in nothing.text, nothing
        # there is no network between pods, so nobody can answer it: who was asked says yes by not being asked
        operator.cluster.kubectl("delete", "validatingwebhookconfiguration", CHECKER["metadata"]["name"])
        with made(operator.cluster, slice_):
            yield


@contextmanager
def secret_not_synced(operator: Operator) -> Iterator[None]:
    """The provider did not have it, and has it now; its controller looks again in an hour."""
    kubectl = operator.cluster.kubectl
    said = {"type": "Ready", "status": "False", "reason": "SecretSyncedError", "message": "Secret does not exist",
            "lastTransitionTime": stamp()}  # fmt: skip
    kubectl("-n", EXTERNAL_IN, "annotate", "externalsecret", EXTERNAL, UNTOUCHED)
    patch_status(operator.cluster, "externalsecret", EXTERNAL, {"conditions": [said]}, EXTERNAL_IN)
    yield
    settle(operator)


def provider_is_read(operator: Operator) -> None:
    """Its controller sees that its annotations have changed."""

    def is_asked() -> bool:
        meta = get(operator.cluster, "externalsecret", EXTERNAL, EXTERNAL_IN)["metadata"]
        return "force-sync" in meta["annotations"]

    eventually(operator.cluster, "external-secrets is asked", is_asked)
    operator.cluster.kubectl(
        "-n", EXTERNAL_IN, "annotate", "externalsecret", EXTERNAL, "force-sync-", *(f"{key}-" for key in OFF)
    )


def kept_for_nobody(service: Json) -> Json:
    """The autoscaler that KServe makes of a service."""
    meta = service["metadata"]
    owner = {"apiVersion": service["apiVersion"], "kind": "InferenceService", "name": SERVICE, "uid": meta["uid"]}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"{SERVICE}-predictor"}
    return {
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": f"{SERVICE}-predictor", "namespace": NAMESPACE, "ownerReferences": [owner]},
        "spec": {"minReplicas": 1, "maxReplicas": 1, "scaleTargetRef": target},
    }  # fmt: skip


@contextmanager
def kept_up(operator: Operator) -> Iterator[None]:
    """A service that asks for no replicas has one since an hour, on a GPU, and nobody asks it anything."""
    container = {"name": "kserve-container", "image": "vllm/vllm-openai:v0.23.0",
                 "resources": {"limits": {"nvidia.com/gpu": "1"}}}  # fmt: skip
    service = {
        "apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService",
        "metadata": {"name": SERVICE, "namespace": NAMESPACE},
        "spec": {"predictor": {"minReplicas": 0, "containers": [container]}},
    }  # fmt: skip
    cluster, label = operator.cluster, f"serving.kserve.io/inferenceservice={SERVICE}"

    def scaler() -> Json:
        return kept_for_nobody(get(cluster, "inferenceservice", SERVICE, NAMESPACE))

    with model_server(operator), made(cluster, service), made(cluster, scaler()):
        eventually(cluster, "it has a pod", lambda: bool(pods(cluster, label)))
        cluster.kubectl("-n", NAMESPACE, "wait", "pod", "-l", label, "--for=condition=Ready", "--timeout=90s")
        as_if_long_ago(cluster, "deployment", f"{SERVICE}-predictor", NAMESPACE, "f:replicas")
        started_long_ago(cluster, label)
        yield
    eventually(cluster, "the GPU nodes leave", lambda: not gpu_nodes(operator))


def pods(cluster: Cluster, label: str) -> list[Json]:
    found: list[Json] = json.loads(cluster.kubectl("-n", NAMESPACE, "get", "pods", "-l", label, "-o", "json"))["items"]
    return found


ILL: Mapping[str, Ill] = {
    "commit-current": Ill("Application keda", committed(0)),
    "external-secrets-synced": Ill(
        f"ExternalSecret {EXTERNAL_IN}/{EXTERNAL}", secret_not_synced, meanwhile=provider_is_read
    ),
    "autoscaler-paused": Ill(
        f"ScaledObject {NAMESPACE}/{MODEL}",
        by_kubectl(f"-n {NAMESPACE} annotate scaledobject {MODEL} {PAUSED}-"),
    ),
    "scale-to-zero": Ill(f"InferenceService {NAMESPACE}/{SERVICE}", kept_up),
    "sync-retries": Ill("Application keda", with_namespace),
    "webhooks-answer": Ill("Application keda", answered_again),
}


@pytest.fixture(scope="module")
def platform(standing: Operator) -> Operator:
    """It stands with its model, at 0."""
    sync(standing, MODEL)
    return standing


def test_there_is_a_scenario_for_each_cure() -> None:
    assert ILL.keys() == FIXES.keys()


@pytest.mark.parametrize("slug", FIXES)
def test_on_a_sound_platform_nothing_is_written(platform: Operator, slug: str) -> None:
    with untouched(platform):
        outcome = platform("doctor", *PROFILE, "--fix", slug, "--yes")
    assert (outcome.code, f"{slug}: nothing to cure" in outcome.text) == (0, True), outcome


@pytest.mark.parametrize("slug", ILL)
def test_it_is_cured_once_somebody_says_yes(platform: Operator, slug: str) -> None:
    ill = ILL[slug]
    with ill.how(platform):
        assert ill.about in abouts(platform, slug)
        with untouched(platform):
            refused = platform("doctor", *PROFILE, "--fix", slug)
        assert (refused.code, ill.about in refused.text) == (2, True), refused
        assert "nobody can be asked here, and nothing was written" in refused.text, refused
        words = ("doctor", *PROFILE, "--fix", slug, "--yes", "-o", "json")
        process = platform.start(*words)
        ill.meanwhile(platform)
        outcome = platform.finish(process, *words)
        assert outcome.code == 0, outcome
        result = outcome.document["result"]
        assert {each["outcome"] for each in result["writes"]} == {"done"}, outcome
        assert ill.about in {each["about"] for each in result["writes"]}, outcome
        assert f"{slug} is cured" in outcome.document["summary"], outcome
        assert abouts(platform, slug) == set()
        replayed = platform("history", "last")
        assert (replayed.code, ill.about in replayed.out) == (0, True), replayed
        assert f"{slug} is cured" in replayed.text, replayed


def abouts(operator: Operator, slug: str) -> set[str]:
    """What a check finds live."""
    seen = doctor(operator, *PROFILE, "--only", slug)
    return {each["about"] for each in seen.checks[slug]["findings"] if each["status"] in BAD and not each["file"]}


def test_another_platforms_cluster_is_refused(platform: Operator) -> None:
    with ILL["autoscaler-paused"].how(platform), of_another_repository(named=False)(platform):
        with untouched(platform):
            outcome = platform("doctor", *PROFILE, "--fix", "autoscaler-paused", "--yes")
        platform.cluster.kubectl("-n", NAMESPACE, "annotate", "scaledobject", MODEL, f"{PAUSED}=true")
    assert (outcome.code, "runs another platform" in outcome.text) == (2, True), outcome


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("nodes-ready", "nodes-ready has no cure that could be applied for you"),
        ("autoscaler-pausd", "no check is called `autoscaler-pausd`; did you mean `autoscaler-paused`?"),
    ],
)
def test_a_check_without_a_cure(platform: Operator, slug: str, words: str) -> None:
    outcome = platform("doctor", *PROFILE, "--fix", slug, "--yes")
    assert (outcome.code, words in outcome.text) == (2, True), outcome
