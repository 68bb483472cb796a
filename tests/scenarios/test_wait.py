"""`wait` tells the truth: about the newest commit, about what stalls, and about what will never come up."""

import json
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scenarios.cluster import eventually, get, patch_status
from tests.scenarios.conftest import Operator, Outcome

pytestmark = pytest.mark.long

DEPLOYMENT = "platform/keda/deployment.yaml"
Changed = Callable[..., str]


def newer(text: str) -> str:
    """Another image: a change that only shows in the cluster."""
    return re.sub(r"(image: \S+?):\S+", rf"\1:t{time.time_ns()}", text, count=1)


class Background:
    """A command under way whose words can be read."""

    def __init__(self, operator: Operator, *words: str) -> None:
        self.words, self.operator = words, operator
        self.log = Path(tempfile.mkstemp()[1])
        self.process = operator.start(*words, out=self.log)

    def says(self, pattern: str) -> None:
        """Wait until it has said so; it must not end before."""

        def said() -> bool:
            found = re.search(pattern, self.log.read_text()) is not None
            assert found or self.process.poll() is None, self.log.read_text()
            return found

        eventually(self.operator.cluster, f"`aiops {' '.join(self.words)}` says {pattern}", said)

    def end(self) -> Outcome:
        """How it ended."""
        return self.operator.finish(self.process, *self.words)


def revision(operator: Operator, application: str) -> str:
    return str(get(operator.cluster, "application", application)["status"]["sync"]["revision"])


def test_a_push_is_never_green_on_the_old_commit(standing: Operator, changed: Changed) -> None:
    head = changed((DEPLOYMENT, newer))
    outcome = standing("wait", "--profile", "full", "-o", "json")
    assert outcome.code == 0, outcome
    assert outcome.document["result"]["revisions"] == [["main", head]], outcome
    assert revision(standing, "keda") == head


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("argocd-application-controller", "argocd-application-controller has answered no refresh"),
        ("argocd-repo-server", "argocd-repo-server does not answer"),
        ("argocd-applicationset-controller", "argocd-applicationset-controller has answered no refresh"),
    ],
)
def test_what_stalls_is_named(standing: Operator, changed: Changed, part: str, words: str) -> None:
    with standing.cluster.stalled(part):
        head = changed((DEPLOYMENT, newer))
        waiting = Background(standing, "wait", "--profile", "full")
        waiting.says(f"trouble +{words}")
    outcome = waiting.end()
    assert outcome.code == 0, outcome
    assert revision(standing, "keda") == head


def test_it_outlives_the_api_server(standing: Operator, changed: Changed) -> None:
    with standing.cluster.stalled("argocd-application-controller"):
        changed((DEPLOYMENT, newer))
        waiting = Background(standing, "wait", "--profile", "full")
        waiting.says("main is at")
        with standing.cluster.crashed("kube-apiserver"):
            waiting.says("trouble +kubernetes .*Connection refused")
            time.sleep(15)  # how long the API server is away, not how long anything takes
    outcome = waiting.end()
    assert outcome.code == 0, outcome


@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143)])
def test_a_signal_ends_it(standing: Operator, number: int, code: int) -> None:
    with standing.cluster.stalled("argocd-application-controller"):
        waiting = Background(standing, "wait", "--profile", "full")
        waiting.says("main is at")
        waiting.process.send_signal(number)
        outcome = waiting.end()
    assert outcome.code == code, outcome
    assert "it goes on where things stand" in outcome.text, outcome


def test_killed_and_run_again_twice_at_once(standing: Operator, changed: Changed) -> None:
    with standing.cluster.stalled("argocd-application-controller"):
        changed((DEPLOYMENT, newer))
        killed = Background(standing, "wait", "--profile", "full")
        killed.says("main is at")
        killed.process.kill()
        killed.process.communicate()
    both = [Background(standing, "wait", "--profile", "full") for _ in range(2)]
    for each in both:
        outcome = each.end()
        assert outcome.code == 0, outcome


def test_passive_writes_nothing(standing: Operator) -> None:
    def versions() -> str:
        template = "jsonpath={range .items[*]}{.metadata.name}={.metadata.resourceVersion} {end}"
        return standing.cluster.kubectl("-n", "argocd", "get", "applications,applicationsets", "-o", template)

    with standing.cluster.stalled("argocd-application-controller"):
        before = versions()
        outcome = standing("wait", "--profile", "full", "--passive")
        assert versions() == before
    assert outcome.code == 0, outcome


def test_a_commit_that_cannot_be_rendered_ends_it_at_once(standing: Operator, changed: Changed) -> None:
    changed(("platform/dex/kustomization.yaml", lambda text: text + "  - no-such-file.yaml\n"))
    outcome = standing("wait", "--profile", "full")
    assert outcome.code == 3, outcome
    assert re.search(r"hopeless +dex.*no-such-file.yaml", outcome.text), outcome


def test_what_the_api_server_refuses_ends_it_at_once(standing: Operator, changed: Changed) -> None:
    """A CRD of a *.k8s.io group without its approval; and its mending is not held up by the retries."""
    crds = "routing/gateway-api/crds.yaml"
    good = standing.repository.read(crds)
    changed((crds, lambda text: re.sub(r".*api-approved.*\n", "", text, count=1)))
    outcome = standing("wait", "--profile", "full")
    assert outcome.code == 3, outcome
    assert re.search(r"hopeless +gateway-api.*is invalid.*api-approved", outcome.text), outcome
    changed((crds, lambda _: good))
    outcome = standing("wait", "--profile", "full")
    assert outcome.code == 0, outcome
    assert "gateway-api: ended the retries of an older commit's sync" in outcome.text, outcome


def test_the_pods_own_cause_is_shown(standing: Operator, changed: Changed) -> None:
    """A pod that no node takes keeps the wait going; an image that is nowhere ends it."""
    changed(
        (
            DEPLOYMENT,
            lambda text: text.replace("      containers:\n", "      nodeSelector: {a: b}\n      containers:\n"),
        )
    )
    outcome = standing("wait", "--profile", "platform", "--timeout", "15s", "-o", "json")
    assert outcome.code == 4, outcome
    row = next(row for row in outcome.document["result"]["rows"] if row["name"] == "keda")
    assert "no node takes it: 0/2 nodes are available" in row["detail"], row
    assert "kubectl" in row["hint"], row
    pods = json.loads(standing.cluster.kubectl("-n", "keda", "get", "pods", "-o", "json"))["items"]
    pod = next(pod["metadata"]["name"] for pod in pods if not pod["spec"].get("nodeName"))
    waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "x": manifest unknown'}
    container = {
        "name": "c",
        "image": "x",
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": {"waiting": waiting},
    }
    status = {"conditions": [{"type": "PodScheduled", "status": "True"}], "containerStatuses": [container]}
    patch_status(standing.cluster, "pod", pod, status, "keda")
    outcome = standing("wait", "--profile", "platform")
    assert outcome.code == 3, outcome
    assert re.search(r"hopeless +keda.*ImagePullBackOff", outcome.text), outcome
    assert "manifest unknown" in outcome.text, outcome


def test_a_paused_model_is_a_legitimate_end(standing: Operator, changed: Changed) -> None:
    """Synced + Suspended for good: its ScaledObject is paused."""
    changed(
        (
            "clusters/lab/catalog/serving-core/vllm-qwen.yaml",
            lambda text: text.replace("  syncPolicy:\n", "  syncPolicy:\n    automated: {}\n"),
        )
    )
    outcome = standing("wait", "--profile", "serving")
    assert outcome.code == 0, outcome
    assert re.search(r"suspended +vllm-qwen.*ScaledObject serving/vllm-qwen is paused", outcome.text), outcome


ISVC_CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: inferenceservices.serving.kserve.io}
spec:
  group: serving.kserve.io
  scope: Namespaced
  names: {kind: InferenceService, plural: inferenceservices, singular: inferenceservice}
  versions:
    - name: v1beta1
      served: true
      storage: true
      subresources: {status: {}}
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""
STOPPED = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: idle
  annotations: {serving.kserve.io/stop: "true", argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true}
spec: {predictor: {model: {}}}
"""


def test_a_stopped_inference_service_is_a_legitimate_end(standing: Operator, changed: Changed) -> None:
    catalog = standing.repository.read("clusters/lab/catalog/autoscaling/keda.yaml")
    own = catalog.replace("name: keda", "name: idle").replace("path: platform/keda", "path: serving/idle")
    standing.repository.write("clusters/lab/catalog/serving-core/idle.yaml", own)
    standing.repository.write("serving/idle/crd.yaml", ISVC_CRD)
    standing.repository.write("serving/idle/idle.yaml", STOPPED)
    changed()
    outcome = standing("wait", "--profile", "serving")
    assert outcome.code == 0, outcome
    assert re.search(r"suspended +idle: InferenceService \S+/idle is stopped", outcome.text), outcome


def test_an_application_that_argo_cd_leaves_alone(standing: Operator) -> None:
    note = "argocd.argoproj.io/skip-reconcile"
    standing.cluster.kubectl("-n", "argocd", "annotate", "application", "keda", f"{note}=true")
    outcome = standing("wait", "--profile", "platform")
    standing.cluster.kubectl("-n", "argocd", "annotate", "application", "keda", f"{note}-")
    assert outcome.code == 3, outcome
    assert re.search(rf"hopeless +keda.*{note}=true", outcome.text), outcome


def test_an_empty_groups_file_is_not_acted_on(standing: Operator) -> None:
    """Argo CD calls the deletion of a whole layer a success; aiops does not even ask it to look."""
    with standing.cluster.stalled("argocd-applicationset-controller"):
        standing.repository.write("clusters/lab/groups.generated.yaml", "[]\n")
        standing.repository.push()
        outcome = standing("wait", "--profile", "full")
        refused = standing("root", "--profile", "full")
        standing.repository.undo()
    assert outcome.code == 2, outcome
    assert "Argo CD would prune" in outcome.text, outcome
    assert refused.code in (2, 3), refused
    assert standing("wait", "--profile", "full").code == 0


def test_without_the_right_to_look(standing: Operator) -> None:
    outcome = standing("wait", environ={"KUBECONFIG": standing.cluster.stranger()})
    assert outcome.code == 5, outcome
    assert re.search(r"cannot list applications(ets)?.argoproj.io in argocd \(403\)", outcome.text), outcome


def test_used_up_retries_are_revived_once_their_cause_is_gone(run: Operator) -> None:
    retry = "  syncPolicy:\n    retry:\n      limit: 1\n      backoff: {duration: 1s}\n"
    run.repository.edit("clusters/lab/catalog/identity/dex.yaml", lambda text: text.replace("  syncPolicy:\n", retry))
    run.repository.push("Few retries")
    assert run("bring-up", "--profile", "platform").code == 0
    eventually(run.cluster, "dex gives up", lambda: _phase(run, "dex") == "Failed")
    outcome = run("wait", "--profile", "platform")
    assert outcome.code == 0, outcome
    assert re.search(r"deferred +dex", outcome.text), outcome
    assert run("root", "--profile", "full").code == 0
    outcome = run("wait", "--profile", "full")
    assert outcome.code == 0, outcome
    assert "dex: its retries were used up and their cause is gone, so it is synced again" in outcome.text, outcome
    assert _phase(run, "dex") == "Succeeded"


def _phase(run: Operator, name: str) -> str:
    return str(get(run.cluster, "application", name)["status"].get("operationState", {}).get("phase", ""))
