"""Each fault of the lab is named by what the table says of it, and all is well again once it is cleared."""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from aiops.checks import ALL as CHECKS
from aiops.cli.lab_platform import prepare
from aiops.lab import provoked
from aiops.lab.cluster import Pace
from aiops.lab.lab import Lab
from aiops.lab.provoked import files
from tests.scenarios.cluster import ROOT
from tests.scenarios.conftest import Outcome
from tests.scenarios.process import Forked, Forks

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("faults")]  # they share a lab

PACE = Pace(node_joins_s=5.0, node_ready_s=1.0, gpu_ready_s=1.0, node_idle_s=5.0, node_leaves_s=1.0, image_s=0.2,
            start_s=0.1, git_s=20.0)  # fmt: skip
SPEED = 60.0
WITHIN_S = 60.0
"""Of this machine; how long it takes is nobody's business here."""
MODEL = "vllm-qwen"
BAD = ("fail", "warn", "unknown")


@dataclass
class Operator:
    """Runs aiops on a lab."""

    forks: Forks
    environ: dict[str, str]
    lab: Lab | None = None

    def __call__(self, *words: str) -> Outcome:
        process = Forked(self.forks, words, ROOT, {"PATH": os.environ["PATH"], **self.environ}, None)
        out, err = process.communicate(timeout=100)
        return Outcome(words, process.returncode or 0, out, err)

    def bad(self) -> dict[str, str]:
        """What doctor finds that is not well: check and all its words."""
        checks = self("doctor", "--profile", "full", "-o", "json").document["result"]["checks"]
        return {each["slug"]: json.dumps(each["findings"]) for each in checks if each["status"] in BAD}

    @contextmanager
    def broken(self, slug: str) -> Iterator[None]:
        """A fault of the lab is on meanwhile."""
        lab = self.lab
        assert lab is not None
        lab.call(partial(provoked.switch, lab.cluster, slug, True))
        try:
            yield
        finally:
            lab.call(partial(provoked.switch, lab.cluster, slug, False))


def until(look: Callable[[], dict[str, str]], holds: Callable[[dict[str, str]], bool]) -> None:
    """Look again and again until it holds."""
    deadline = time.monotonic() + WITHIN_S
    while not holds(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.05)


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    found = Forks()
    yield found
    found.close()


@pytest.fixture(scope="module")
def operator(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """On a lab where the sample platform stands, its GPU model deployed at 0."""
    folder = tmp_path_factory.mktemp("lab")
    platform = prepare(ROOT / "config.yaml", folder)
    text = platform.config.path.read_text()
    platform.config.path.write_text(text + "  timeouts: { node: 1m, answer: 3s }\n")
    repositories = {platform.config.repo_url: platform.repository}
    with Lab(folder, tree=platform.config.tree, repositories=repositories, speed=SPEED, pace=PACE) as lab:
        own = {"KUBECONFIG": str(lab.kubeconfig), "AIOPS_CONFIG": str(platform.config.path)}
        found = Operator(forks, {**platform.environ, **own, "XDG_STATE_HOME": str(folder)}, lab)
        for words in (("bring-up", "--profile", "full", "--no-gpu"), ("sync", MODEL)):
            outcome = found(*words)
            assert outcome.code == 0, outcome
        assert found.bad() == {}
        yield found
        assert lab.unserved == []


SAYS = {
    "cluster-reachable": "Connection refused",
    "access": "admin may not list nodes",
    "kubernetes-version": r"v1\.29.* is older than what aiops can work with",
    "clocks-agree": "this machine's clock is 6 min behind the cluster's",
    "nodes-ready": "node silent is not ready for \\d+ min.*network not ready",
    "api-services-available": "v1.gone.example.com is not available.*is not present",
    "argocd-installed": r"does not know AppProject \(argoproj.io\)",
    "cluster-target": "it runs another platform: .*another/platform.git",
    "argocd-version": r"v3\.2\.1 is not the one",
    "argocd-controller-alive": "it has looked at no Application for \\d+ min",
    "applicationset-controller-alive": "has asked to be looked at for \\d+ min",
    "git-readable": "does not appear to be a git repository",
    "groups-file-pushed": r"groups.generated.yaml is not what main at \w+ holds",
    "project-applied": "AppProject platform is not on the cluster",
    "applicationsets-reconciled": "ApplicationSet layer-demos: not on the cluster",
    "groups-pruned": "ApplicationSet layer-demos (deletes|still has) group-demos with \\d application",
    "kinds-served": r"Widget \(example.com\) is not served, and \w+ needs it",
    "waves-gate": r"\S+ was synced, and failed, before \S+ of an earlier wave was healthy",
    "webhooks-answer": "failed on webhook check.example.com, and Service default/checker has no ready endpoint",
    "kueue-webhooks-scoped": "queueing is asked for Jobs and pods of every namespace, and may not fail: mjob.kb.io",
    "kueue-defaults": r"ClusterQueue gpu is OutOfSync although \S+ was synced",
    "jobs-are-hooks": r"\S+ is OutOfSync for nothing but Job default/mint, which is gone",
    "commit-current": r"\S+ is synced with \w+, and main is at \w+, which is",
    "sync-retries": r"its sync failed \S+ (min|h) ago, and nothing tries it again",
    "applications-settled": "annotated argocd.argoproj.io/skip-reconcile=true",
    "images-pulled": "lets nobody pull image ghcr.io/example/private:1 for Pod default/stranger.*401",
    "default-storage-class": "none of the StorageClasses is the default",
    "claims-bound": "PersistentVolumeClaim default/models has had no volume.*no StorageClass premium-elsewhere",
    "volume-single-writer": "Pod default/writer-new waits for a volume that another node has.*Multi-Attach",
    "load-balancer-address": "Service default/edge has had no address for \\d+ min",
    "network-paths": "NetworkPolicy [^ ]+/default-deny keeps Gateway [^ ]+ from Service [^ ]+ on port",
    "gateway-programmed": "Gateway [^ ]+ is not programmed for \\d+ min",
    "pool-names": "HTTPRoute default/to-nothing sends requests to InferencePool default/nowhere, which is not there",
    "pool-endpoints": "InferencePool default/unanswered has had no pod that is ready for \\d+ min.*keeps ending: Error",
    "route-policies-attached": "AgentgatewayPolicy default/of-nothing is attached to nothing.*asks nobody for a login",
    "hosts-in-domain": "HTTPRoute default/of-the-template is exposed as chat.template.example.org, outside of lab.exam",
    "secret-stores-ready": "secret-store is not ready: 3 ExternalSecrets read it.*provider client: 403",
    "external-secrets-synced": "is not synced.*Secret does not exist",
    "secrets-present": "Secret [^ ]+ is not there, and ExternalSecret",
    "gpu-stack": "gpu_stack is gke-managed, and the nodes are of aws",
    "gpu-nodes-usable": "node gpu-bare is up for \\d+ min and offers no GPU",
    "gpu-capacity": "every node group is at its maximum size.*gpu-l4 has 1 of at most 1",
    "gpu-models-idle": f"Deployment serving/{MODEL} is up for .*answered no request since its start",
    "gpu-nodes-idle": "GPU node gpu-idle is up for \\d+ min.* and nothing on it asks for its GPU",
    "gpu-stock": "Pod default/waiting waits for a GPU node.*the cloud has no such machine.*GCE out of resources",
    "gpu-demand": "2 GPUs are wanted and 1 there: Pod default/waiting waits for one that others have",
    "gpu-rollout": "Deployment default/rolling rolls: its new Pod default/rolling-new waits for the GPU that its older",
    "model-fits-gpu": "does not fit the GPU of its node .*no room for the KV cache",
    "host-memory": "does not come up: container server was OOMKilled: its memory limit is 12Gi",
    "scale-to-zero": "InferenceService serving/never-none asks for minReplicas 0, and its autoscaler keeps a GPU",
    "modelcar-storage": "of InferenceService bare started without its storage: /mnt/models is empty",
    "replicas-respected": "Argo CD sets Deployment default/by-hand back.* at once.*argocd-controller set spec.replicas",
    "shared-memory-large": "has several GPUs, a small /dev/shm, and is not ready",
    "shared-memory-within-limit": "was OOMKilled, and /dev/shm \\(8Gi\\) counts against its limit",
    "gpu-memory-headroom": "ran out of GPU memory before it was ready",
    "weights-offline": "Hugging Face lets no more through from this cluster",
    "probe-open": "a probe of container server of Pod default/by-hand is answered with 401",
    "model-key-current": "is older than what Secret default/by-hand holds",
    "startup-budget": "killed by its livenessProbe before it was ever ready",
    "autoscaler-reads-metrics": "vllm-qwen reads its metrics from Service monitoring/gone, which is not there",
    "autoscaler-paused": "vllm-qwen is not paused, and keeps 1 of the GPU replicas of Deployment vllm-qwen up",
    "litellm-sso-seats": "litellm-of-five has its own login on, and the edge asks nobody",
    "vllm-metric-names": "asks for vllm:gpu_cache_usage_perc, which Deployment serving/[\\w-]+ does not have",
    "model-metrics-scraped": "default/unwatched leads to a vLLM server, and no ServiceMonitor or PodMonitor selects it",
    "dcgm-exporter-single": "DaemonSet default/second-exporter is a second exporter of GPU metrics on GKE",
    "dcgm-scraped": "DaemonSet default/unscraped-exporter exports GPU metrics, and no ServiceMonitor",
}
"""Of the check with the fault's name."""
SAID_BY = {
    "api-429": ("cluster-reachable", r"cannot read /version \(429\)"),
    "api-500": ("cluster-reachable", r"cannot read /version \(500\): etcdserver"),
    "api-resets": ("cluster-reachable", "Remote end closed connection|Connection reset"),
    "gpu-quota-used-up": ("gpu-quota", "default/waiting waits for a GPU node.*quota is used up.*GCE quota exceeded"),
    "bad-commit": ("applications-settled", "failed.*broken.yaml|broken.yaml.*failed"),
} | {slug: (slug, pattern) for slug, pattern in SAYS.items()}
"""By fault: a check, and what it says."""
UP = {
    "gpu-quota": "capacity: no GPU node: .*GCE quota exceeded",
    "gpu-capacity": "capacity: .*max node group size reached",
    "node-never-joins": "node: no node has joined in .* after one was ordered: the autoscaler has given up",
    "image-pull": "image: .*vllm.* cannot be pulled: .*not found",
    "model-oom": "weights: container vllm was OOMKilled: its memory limit is 12Gi",
    "wrong-key": "serving: its server refuses the key of Secret vllm-api-key",
}
"""By fault: what `vllm-up` says at its end."""
ASKED = {
    "model-fails": "EngineCore encountered an issue.*an error inside the server",
    "model-hangs": "did not answer in time",
    "tool-calls-in-text": r"(?s)leaves tool calls in the text in 3 of 3 answers.*<tools>.*should be \(1 warning\)",
}
"""By fault: what `smoke` says of a model that is up."""
IN_A_REHEARSAL = {
    "config-valid": "profil: is not a known key|profil",
    "generated-files-match": "secret_backend",
    "groups-file-fresh": "groups.generated.yaml is not what the config asks for",
}
"""By fault of the operator's own files: what `rehearse` says."""


def test_there_is_a_fault_for_each_check_and_each_is_tried() -> None:
    every = [*(fault.slug for fault in provoked.ALL), *(fault.slug for fault in files.ALL)]
    assert len(every) == len(set(every))
    live = {check.slug for check in CHECKS if check.judge}  # the others are provoked by a change of the tree
    assert live - set(every) - {"model-stop-committed"} == set(), "that one warns of nothing live"
    assert SAID_BY.keys() | UP.keys() | ASKED.keys() | IN_A_REHEARSAL.keys() | {"api-stops"} == set(every)
    for fault in provoked.ALL:
        assert (fault.named_by == "doctor") == (fault.slug in SAYS), fault


@pytest.mark.parametrize("slug", SAID_BY)
def test_doctor_names_it_and_then_all_is_well(operator: Operator, slug: str) -> None:
    check, pattern = SAID_BY[slug]
    with operator.broken(slug):
        until(operator.bad, lambda bad: bool(re.search(pattern, bad.get(check, ""))))
    until(operator.bad, lambda bad: not bad)


@pytest.mark.parametrize("slug", UP)
def test_a_model_that_does_not_come_up_says_why(operator: Operator, slug: str) -> None:
    with operator.broken(slug):
        outcome = operator("vllm-up", MODEL)
    assert outcome.code == 3, outcome
    assert re.search(f"✗ {MODEL}: {UP[slug]}.*; scaled back to 0", outcome.text), outcome


@pytest.mark.parametrize("slug", ASKED)
def test_a_model_that_does_not_answer_is_told(operator: Operator, slug: str) -> None:
    assert operator("vllm-up", MODEL).code == 0
    try:
        with operator.broken(slug):
            outcome = operator("smoke", MODEL, "--tools")
        assert re.search(ASKED[slug], outcome.text), outcome
        assert outcome.code == (0 if slug == "tool-calls-in-text" else 3), outcome
    finally:
        well = operator("smoke", MODEL, "--tools")
        assert (well.code, "warning" in well.text) == (0, False), well
        operator("vllm-down", MODEL)


@pytest.mark.parametrize("slug", IN_A_REHEARSAL)
def test_a_fault_of_the_files_is_named_in_a_rehearsal(forks: Forks, tmp_path: Path, slug: str) -> None:
    outcome = Operator(forks, {"XDG_STATE_HOME": str(tmp_path)})("rehearse", "--fault", slug)
    assert outcome.code in (2, 3), outcome
    assert re.search(IN_A_REHEARSAL[slug], outcome.text), outcome


def test_an_api_server_that_stops_for_a_while_is_waited_for(operator: Operator) -> None:
    with operator.broken("api-stops"):
        assert operator("wait", "--profile", "full").code == 0
