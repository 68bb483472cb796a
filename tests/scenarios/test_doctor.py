"""`doctor` before a real platform: sound; with each check broken by a real change, and mended; kept, and read again."""

import json
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import pytest

from aiops.checks import ALL
from aiops.snapshot import Json
from tests.scenarios.breaking import (
    LONG_AGO_S,
    PROFILE,
    UNTOUCHED,
    Broken,
    Environ,
    as_if_long_ago,
    assert_sound,
    by_hand,
    by_kubectl,
    doctor,
    later,
    made,
    of_another_repository,
    rewritten,
    settle,
    started_long_ago,
    with_object,
)
from tests.scenarios.by_hand import OFF, stamp
from tests.scenarios.cluster import CANARY, eventually, get, patch_status
from tests.scenarios.conftest import Operator
from tests.scenarios.models import MODEL, NAMESPACE, SERVED, gpu_nodes, model_server, scale, secret
from tests.serving.server import Server
from tests.serving.vllm import Vllm

pytestmark = pytest.mark.long

Changed = Callable[..., str]
CHECKS = len(ALL)
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
STORE, EXTERNAL, EXTERNAL_IN = "secret-store", "dex-secrets", "dex"
DEPLOYMENT = "platform/keda/deployment.yaml"


# How things are broken.


def edited(old: str, new: str, *commands: tuple[str, ...]) -> Broken:
    """The config in the checkout, and what was run since; nothing of it is pushed."""

    @contextmanager
    def broken(operator: Operator) -> Iterator[Environ]:
        head = operator.repository.head()
        try:
            operator.repository.edit("config.yaml", lambda text: text.replace(old, new))
            for words in commands:
                outcome = operator(*words)
                assert outcome.code == 0, outcome
            yield {}
        finally:
            operator.repository.reset(head)

    return broken


@contextmanager
def not_pushed(operator: Operator) -> Iterator[Environ]:
    head = operator.repository.head()
    with edited("demos: true", "demos: false", ("resolve", "--prune"))(operator):
        operator.repository.commit()
        yield {}
        operator.repository.reset(head)


@contextmanager
def of_a_silent_host(operator: Operator) -> Iterator[Environ]:
    head = operator.repository.head()
    operator.repository.replace(operator.repository.url, "https://127.0.0.1:9/acme/platform.git")
    yield {}
    operator.repository.reset(head)


@contextmanager
def without_repository(operator: Operator) -> Iterator[Environ]:
    bare = operator.repository.bare
    away = bare.rename(bare.with_name("away.git"))
    try:
        yield {}
    finally:
        away.rename(bare)


@contextmanager
def without_branch(operator: Operator) -> Iterator[Environ]:
    heads = operator.repository.bare / "refs" / "heads"
    packed = operator.repository.bare / "packed-refs"
    before, commit = packed.read_text(), operator.repository.head()
    (heads / "main").unlink(missing_ok=True)
    packed.write_text(before.replace("refs/heads/main", "refs/heads/trunk"))
    try:
        yield {}
    finally:
        packed.write_text(before)
        (heads / "main").write_text(f"{commit}\n")


@contextmanager
def a_refresh_waits(operator: Operator) -> Iterator[Environ]:
    """An Application asks to be looked at, and its controller is down."""
    note = "argocd.argoproj.io/refresh"
    with operator.cluster.crashed("argocd-application-controller"):
        operator.cluster.kubectl("-n", "argocd", "annotate", "application", "keda", f"{note}=normal")
        as_if_long_ago(operator.cluster, "application", "keda", "argocd", f"f:{note}")
        yield {}
    settle(operator)


@contextmanager
def a_sync_waits(operator: Operator) -> Iterator[Environ]:
    """An Application asks to be synced, and its controller hangs."""
    with operator.cluster.stalled("argocd-application-controller"):
        asked = json.dumps({"operation": {"sync": {}}})
        operator.cluster.kubectl("-n", "argocd", "patch", "application", "keda", "--type=merge", "-p", asked)
        as_if_long_ago(operator.cluster, "application", "keda", "argocd", "f:operation")
        yield {}
    settle(operator, "wait", *PROFILE)


@contextmanager
def a_set_waits(operator: Operator) -> Iterator[Environ]:
    """An ApplicationSet asks to read git again, and its controller hangs."""
    note = "argocd.argoproj.io/application-set-refresh"
    with operator.cluster.stalled("argocd-applicationset-controller"):
        operator.cluster.kubectl("-n", "argocd", "annotate", "applicationset", "layer-demos", f"{note}=true")
        as_if_long_ago(operator.cluster, "applicationset", "layer-demos", "argocd", f"f:{note}")
        yield {}
    settle(operator)


@contextmanager
def without_project(operator: Operator) -> Iterator[Environ]:
    """Its finalizer would wait for its applications."""
    free = json.dumps({"metadata": {"finalizers": None}})
    operator.cluster.kubectl("-n", "argocd", "patch", "appproject", "platform", "--type=merge", "-p", free)
    operator.cluster.kubectl("-n", "argocd", "delete", "appproject", "platform")
    yield {}
    settle(operator, "root", *PROFILE)


@contextmanager
def without_set(operator: Operator) -> Iterator[Environ]:
    operator.cluster.kubectl("-n", "argocd", "delete", "applicationset", "layer-demos", "--cascade=orphan")
    yield {}
    settle(operator, "root", *PROFILE)


@contextmanager
def an_unknown_kind(operator: Operator) -> Iterator[Environ]:
    widget = {"apiVersion": "example.test/v1", "kind": "Widget", "metadata": {"name": "w"}}
    operator.repository.write("platform/keda/widget.yaml", json.dumps(widget))
    operator.repository.push()
    outcome = operator("wait", *PROFILE)
    assert outcome.code == 3, outcome
    yield {}
    operator.repository.undo()
    settle(operator, "wait", *PROFILE)


@contextmanager
def an_image_that_is_nowhere(operator: Operator) -> Iterator[Environ]:
    """What the kubelet says of keda's pod, written by hand."""
    pods = json.loads(operator.cluster.kubectl("-n", "keda", "get", "pods", "-o", "json"))["items"]
    said = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "x": manifest unknown'}
    container = {"name": "keda-operator", "image": "x", "imageID": "", "ready": False, "restartCount": 0,
                 "state": {"waiting": said}}  # fmt: skip
    conditions = [{"type": kind, "status": "False", "lastTransitionTime": stamp()} for kind in READY]
    status = {"status": {"phase": "Pending", "conditions": conditions, "containerStatuses": [container]}}
    pod = pods[0]["metadata"]["name"]
    operator.cluster.kubectl("-n", "keda", "annotate", "pod", pod, UNTOUCHED)
    operator.cluster.kubectl("-n", "keda", "patch", "pod", pod, "--subresource=status", "-p", json.dumps(status))

    def is_unwell() -> bool:
        return bool(get(operator.cluster, "application", "keda")["status"]["health"]["status"] != "Healthy")

    eventually(operator.cluster, "Argo CD sees that keda is not healthy", is_unwell)
    yield {}
    operator.cluster.kubectl("-n", "keda", "delete", "pod", pod, "--wait=false")
    settle(operator)


READY = ("Ready", "ContainersReady")


@contextmanager
def store_not_ready(operator: Operator) -> Iterator[Environ]:
    not_ready = {"type": "Ready", "status": "False", "reason": "InvalidProviderConfig",
                 "message": "could not get provider client: 403", "lastTransitionTime": stamp()}  # fmt: skip
    operator.cluster.until_old("clustersecretstore", STORE, "default", 125)
    with by_hand(operator, "clustersecretstore", STORE, "default", not_ready):
        yield {}


@contextmanager
def secret_not_synced(operator: Operator) -> Iterator[Environ]:
    """One that is old enough to have been synced."""
    not_ready = {"type": "Ready", "status": "False", "reason": "SecretSyncedError",
                 "message": "Secret does not exist: dex-admin-hash", "lastTransitionTime": stamp()}  # fmt: skip
    operator.cluster.until_old("externalsecret", EXTERNAL, EXTERNAL_IN, 125)
    with by_hand(operator, "externalsecret", EXTERNAL, EXTERNAL_IN, not_ready):
        yield {}


@contextmanager
def without_secret(operator: Operator) -> Iterator[Environ]:
    kubectl = operator.cluster.kubectl
    kubectl("-n", EXTERNAL_IN, "annotate", "externalsecret", EXTERNAL, UNTOUCHED)
    kubectl("-n", EXTERNAL_IN, "delete", "secret", EXTERNAL)
    yield {}
    kubectl("-n", EXTERNAL_IN, "annotate", "externalsecret", EXTERNAL, *(f"{key}-" for key in OFF))
    kubectl("-n", EXTERNAL_IN, "wait", "secret", EXTERNAL, "--for=create", "--timeout=60s")


def of_type(operator: Operator, kind: str) -> None:
    spec = json.dumps({"spec": {"type": kind}})
    operator.cluster.kubectl("-n", "default", "patch", "service", "edge", "-p", spec)


EDGE = {
    "apiVersion": "v1", "kind": "Service", "metadata": {"name": "edge", "namespace": "default", "annotations": OFF},
    "spec": {"ports": [{"port": 80}]},
}  # fmt: skip


@contextmanager
def an_api_without_its_server(operator: Operator) -> Iterator[Environ]:
    """For an hour, as far as its condition tells."""
    name = "v1.gone.example.test"
    body = {
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": name},
        "spec": {
            "group": "gone.example.test", "version": "v1", "insecureSkipTLSVerify": True,
            "groupPriorityMinimum": 100, "versionPriority": 100,
            "service": {"name": "nowhere", "namespace": "default", "port": 443},
        },
    }  # fmt: skip
    with made(operator.cluster, body):
        operator.cluster.kubectl("wait", "apiservice", name, "--for=condition=Available=False")
        condition = get(operator.cluster, "apiservice", name)["status"]["conditions"][0]
        said = {**condition, "lastTransitionTime": stamp(LONG_AGO_S)}
        patch_status(operator.cluster, "apiservice", name, {"conditions": [said]})
        yield {}


def kubeconfig(operator: Operator, old: str, new: str) -> str:
    """A copy of the operator's, with a change, in the folder of the scenario."""
    path = operator.repository.work.with_name("changed.kubeconfig")
    path.touch(mode=0o600)
    text, count = re.subn(old, new, Path(operator.cluster.environ()["KUBECONFIG"]).read_text())
    assert count, old
    path.write_text(text)
    return str(path)


@contextmanager
def a_wrong_port(operator: Operator) -> Iterator[Environ]:
    yield {"KUBECONFIG": kubeconfig(operator, r"127\.0\.0\.1:\d+", "127.0.0.1:9")}


@contextmanager
def a_bad_token(operator: Operator) -> Iterator[Environ]:
    yield {"KUBECONFIG": kubeconfig(operator, r'"token": "[^"]+"', '"token": "expired"')}


@contextmanager
def no_api_server(operator: Operator) -> Iterator[Environ]:
    with operator.cluster.crashed("kube-apiserver"):
        yield {}

    def answers() -> bool:
        try:
            return bool(operator.cluster.kubectl("get", "--raw", "/readyz"))
        except AssertionError:
            return False

    eventually(operator.cluster, "the API server is back", answers)
    settle(operator)


@contextmanager
def a_stranger(operator: Operator) -> Iterator[Environ]:
    yield {"KUBECONFIG": operator.cluster.stranger()}


def node(name: str, *, ready: bool = True, gpus: int | None = None, **spec: object) -> Json:
    """A node that no kubelet has joined; `gpus` None: it has none."""
    size = {"cpu": "8", "memory": "32Gi", "pods": "110", **({"nvidia.com/gpu": str(gpus)} if gpus else {})}
    labels = {} if gpus is None else {"cloud.google.com/gke-accelerator": "nvidia-l4"}
    said = {"type": "Ready", "status": str(ready), "message": "cni plugin not initialized", "reason": "KubeletNotReady",
            "lastHeartbeatTime": stamp(), "lastTransitionTime": stamp()}  # fmt: skip
    taints = [{"key": "tests/nobody", "effect": "NoSchedule"}]
    return {
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels, "annotations": OFF},
        "spec": {"taints": taints, **spec}, "status": {"conditions": [said], "allocatable": size, "capacity": size},
    }  # fmt: skip


@contextmanager
def deployed(operator: Operator) -> Iterator[None]:
    """The GPU model, at 0."""
    outcome = operator("sync", MODEL)
    assert outcome.code == 0, outcome
    yield


REPORT = """
autoscalerStatus: Running
nodeGroups:
  - name: gpu-l4
    health: {{status: Healthy, cloudProviderTarget: {size}, minSize: 0, maxSize: 1}}
    scaleUp: {{status: {up}{why}}}
"""


def autoscaler_says(size: int, up: str, why: str = "") -> Broken:
    """With the GPU model deployed and no GPU node up."""

    @contextmanager
    def broken(operator: Operator) -> Iterator[Environ]:
        meta = {"name": "cluster-autoscaler-status", "namespace": "kube-system"}
        text = REPORT.format(size=size, up=up, why=why)
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"status": text}}
        with deployed(operator), made(operator.cluster, body):
            yield {}

    return broken


@contextmanager
def a_forgotten_model(operator: Operator) -> Iterator[Environ]:
    """Up since an hour ago, as the server remembers it; nobody has asked it anything."""
    with deployed(operator), model_server(operator):
        outcome = operator("vllm-up")
        assert outcome.code == 0, outcome
        try:
            as_if_long_ago(operator.cluster, "deployment", MODEL, NAMESPACE, "f:replicas")
            started_long_ago(operator.cluster, f"app.kubernetes.io/name={MODEL}")
            yield {}
        finally:
            scale(operator, 0)
            eventually(operator.cluster, "the GPU nodes leave", lambda: not gpu_nodes(operator))


def image(name: str) -> Json:
    """A Deployment of Argo CD with this image, at 0."""
    labels = {"app.kubernetes.io/part-of": "argocd", "app.kubernetes.io/name": "argocd-server"}
    spec = {
        "replicas": 0, "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "server", "image": name}]}},
    }  # fmt: skip
    meta = {"name": "argocd-server", "namespace": "argocd", "labels": labels}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}


@dataclass(frozen=True)
class Case:
    """One check, broken."""

    slug: str
    how: Broken
    says: str
    """A pattern in its findings."""
    status: str = "fail"
    also: Mapping[str, str] = field(default_factory=dict)
    """What else is not well for the same reason."""
    may: tuple[str, ...] = ()
    """What else is not well once Argo CD, or another operator, has noticed."""

    @property
    def code(self) -> int:
        statuses = (self.status, *self.also.values())
        return 3 if "fail" in statuses else 5 if "unknown" in statuses else 0


HIDDEN = (
    "nodes-ready", "api-services-available", "cluster-target", "argocd-controller-alive",
    "applicationset-controller-alive", "project-applied", "groups-pruned", "kinds-served", "waves-gate",
    "webhooks-answer", "kueue-webhooks-scoped", "jobs-are-hooks", "replicas-respected", "default-storage-class",
    "gateway-programmed", "pool-names", "hosts-in-domain", "secret-stores-ready", "gpu-stack", "gpu-nodes-usable",
    "gpu-capacity", "gpu-nodes-idle", "gpu-demand", "gpu-rollout", "model-fits-gpu", "host-memory", "scale-to-zero",
    "autoscaler-reads-metrics", "autoscaler-paused", "model-stop-committed", "modelcar-storage",
    "litellm-sso-seats", "vllm-metric-names",
)  # fmt: skip
"""Not judged for who may see neither Argo CD's objects nor what belongs to no namespace."""
OLDER_THAN_ITS_KEY = {"model-key-current": "warn"}
"""A model whose start is put an hour back has started before its Secret was made, which nobody can put back."""
SKIPPED = "argocd.argoproj.io/skip-reconcile"
BROKEN: Mapping[str, Case] = {
    "config": Case(
        "config-valid", edited("profile: cost", "profile: cots"), "profile: `cots` is not one of cost, dev, prod",
    ),
    "generated": Case(
        "generated-files-match", edited("secret_backend: fake", "secret_backend: gcpsm"),
        r"clustersecretstore.yaml: secret_backend: gcpsm needs gcpsm, and it has fake",
    ),
    "groups-stale": Case(
        "groups-file-fresh", edited("demos: true", "demos: false"), r"is not what the config asks for.*demos",
    ),
    "groups-uncommitted": Case(
        "groups-file-pushed", edited("demos: true", "demos: false", ("resolve", "--prune")),
        "groups.generated.yaml differs from the last commit", also={"groups-pruned": "warn"},
    ),
    "groups-unpushed": Case(
        "groups-file-pushed", not_pushed, "is not what main at [0-9a-f]{8} holds", also={"groups-pruned": "warn"},
    ),
    "unreachable": Case("cluster-reachable", a_wrong_port, "refused", "unknown"),
    "login": Case("cluster-reachable", a_bad_token, "401|login|credentials", "unknown"),
    "access": Case(
        "access", a_stranger, r"viewer may not .*list nodes.*--clusterrole=aiops-doctor --user=viewer", "unknown",
        also=dict.fromkeys(HIDDEN, "unknown"),
    ),
    "api-service": Case(
        "api-services-available", an_api_without_its_server, "APIService v1.gone.example.test is not available",
    ),
    "other-platform": Case(
        "cluster-target", of_another_repository(), r"runs another platform: .*platform.git.*other.git", "warn",
    ),
    "other-platform-unnamed": Case(
        "cluster-target", of_another_repository(named=False), r"runs another platform: .*platform.git.*other.git",
    ),
    "argocd-version": Case(
        "argocd-version", with_object(image("quay.io/argoproj/argocd:v3.2.1")), r"v3\.2\.1 is not the one", "warn",
    ),
    "controller-refresh": Case("argocd-controller-alive", a_refresh_waits, "keda has asked to be looked at for 60 min"),
    "controller-sync": Case("argocd-controller-alive", a_sync_waits, "keda has asked to be synced for 60 min"),
    "set-controller": Case(
        "applicationset-controller-alive", a_set_waits, "layer-demos has asked to be looked at for 60 min",
    ),
    "no-repository": Case("git-readable", without_repository, "platform.git' does not appear to be a git repository"),
    "no-git-host": Case(
        "git-readable", of_a_silent_host, "127.0.0.1:9.*(refused|connect)", "unknown", also={"cluster-target": "warn"},
    ),
    "no-branch": Case("git-readable", without_branch, "has no branch or tag `main`"),
    "no-project": Case(
        "project-applied", without_project, "AppProject platform is not on the cluster",
        may=("applications-settled", "applicationsets-reconciled"),
    ),
    "no-set": Case("applicationsets-reconciled", without_set, "ApplicationSet layer-demos: not on the cluster"),
    "unknown-kind": Case(
        "kinds-served", an_unknown_kind, r"Widget \(example.test\) is not served, and keda needs it.*no enabled group",
        also={"applications-settled": "fail", "kinds-delivered": "warn"},
    ),
    "left-alone": Case(
        "applications-settled",
        by_kubectl(
            f"-n argocd annotate application keda {SKIPPED}=true", f"-n argocd annotate application keda {SKIPPED}-",
        ),
        f"keda: annotated {SKIPPED}=true",
    ),
    "no-image": Case(
        "applications-settled", an_image_that_is_nowhere, "keda: .*ImagePullBackOff.*manifest unknown",
        may=("images-pulled",),  # once the pod is two minutes old
    ),
    "no-default-class": Case(
        "default-storage-class",
        by_kubectl(
            f"annotate storageclass standard-rwo {DEFAULT_CLASS}=false --overwrite",
            f"annotate storageclass standard-rwo {DEFAULT_CLASS}=true --overwrite",
        ),
        "none of the StorageClasses is the default: standard-rwo",
    ),
    "two-default-classes": Case(
        "default-storage-class",
        with_object({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "kubernetes.io/no-provisioner",
            "metadata": {"name": "second", "annotations": {DEFAULT_CLASS: "true"}},
        }),
        "2 StorageClasses are the default: standard-rwo, second", "warn",
    ),
    "no-secret": Case(
        "secrets-present", without_secret, "Secret dex/dex-secrets is not there, and ExternalSecret dex/dex-secrets",
    ),
    "gpu-stack": Case(
        "gpu-stack", edited("gpu_stack: gke-managed", "gpu_stack: operator"),
        "gpu_stack is operator, and the nodes are of gce",
        also={"groups-file-fresh": "fail"},
    ),
    "gpu-at-maximum": Case(
        "gpu-capacity", autoscaler_says(1, "NotNeeded"),
        "every node group is at its maximum size.*gpu-l4 has 1 of at most 1",
    ),
    "gpu-backoff": Case(
        "gpu-capacity",
        autoscaler_says(0, "Backoff", ", backoffInfo: {errorCode: QUOTA, errorMessage: 'GPUS_ALL_REGIONS: 0'}"),
        "has paused adding nodes.*GPUS_ALL_REGIONS", "warn",
    ),
    "gpu-model-idle": Case(
        "gpu-models-idle", a_forgotten_model,
        f"Deployment {NAMESPACE}/{MODEL} is up for 60 min.*answered no request.*aiops vllm-down {MODEL}.*raised by",
        "warn", also=OLDER_THAN_ITS_KEY,
    ),
    "api-server-down": Case("cluster-reachable", no_api_server, "refused", "unknown"),
    "store": Case(
        "secret-stores-ready", store_not_ready,
        "ClusterSecretStore secret-store is not ready: 3 ExternalSecrets read it.*could not get provider client",
        may=("applications-settled",),
    ),
    "secret-not-synced": Case(
        "external-secrets-synced", secret_not_synced, "ExternalSecret dex/dex-secrets is not synced.*does not exist",
        may=("applications-settled",),
    ),
}  # fmt: skip
"""The last ones need objects of some age."""


@pytest.fixture(scope="module")
def platform(standing: Operator) -> Operator:
    """It stands, and a Service is there that will be old."""
    standing.cluster.kubectl("create", "-f", "-", text=json.dumps(EDGE))
    return standing


def test_an_empty_cluster(bare: Operator) -> None:
    """What is not there yet is no more than one trouble; with a profile, it is what a layer lacks."""
    seen = doctor(bare)
    assert seen.bad == {"applicationsets-reconciled": "fail"}, seen.outcome
    assert "no layer of the platform is on the cluster" in seen.says("applicationsets-reconciled"), seen.outcome
    assert (seen.outcome.code, seen.causes) == (3, set()), seen.outcome
    assert seen.outcome.document["result"]["layers"] == [], seen.outcome
    seen = doctor(bare, "--profile", "platform")
    assert seen.bad == {"project-applied": "fail", "applicationsets-reconciled": "fail"}, seen.outcome


def test_it_is_sound(platform: Operator) -> None:
    named, live = doctor(platform, *PROFILE), doctor(platform)
    for seen in (named, live):
        assert (len(seen.checks), seen.bad, seen.outcome.code) == (CHECKS, {}, 0), seen.outcome
        assert seen.outcome.document["result"]["layers"] == [
            "platform", "serving", "routing", "llm-gateway", "experience", "demos",
        ], seen.outcome  # fmt: skip
    assert {slug: each["status"] for slug, each in named.checks.items()} == {
        slug: each["status"] for slug, each in live.checks.items()
    }


def test_its_documents(platform: Operator) -> None:
    suite = ElementTree.fromstring(platform("doctor", *PROFILE, "-o", "junit").out.encode())
    cases = suite.findall("testcase")
    assert (suite.tag, len(cases), suite.get("tests")) == ("testsuite", CHECKS, str(CHECKS))
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0")
    assert platform("doctor", *PROFILE, "-o", "github").out == ""
    table = platform("doctor", *PROFILE).out
    assert [slug for slug in doctor(platform, *PROFILE).checks if slug not in table] == []


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named_and_nothing_else(platform: Operator, name: str) -> None:
    assert_named(platform, BROKEN[name])


def assert_named(platform: Operator, case: Case) -> None:
    """Broken, it is named and nothing else; mended, all is sound."""
    with case.how(platform) as environ:
        seen = doctor(platform, *PROFILE, environ=environ)
    bad = {slug: status for slug, status in seen.bad.items() if slug not in case.may}
    assert bad == {case.slug: case.status, **case.also}, seen.outcome
    assert seen.causes <= {case.slug, *case.also, *case.may}, seen.outcome
    assert re.search(case.says, seen.says(case.slug), re.DOTALL), seen.outcome
    assert seen.outcome.code == case.code, seen.outcome
    assert_sound(platform)


# What cannot be broken for real: clocks, versions and ages, in a look that was kept.


def of_kubernetes(version: str) -> Callable[[Json], None]:
    def change(look: Json) -> None:
        look["reads"]["version"]["gitVersion"] = version

    return change


@pytest.mark.parametrize(
    ("slug", "change", "status", "says"),
    [
        ("clocks-agree", later(0.1, "here"), "fail", "this machine's clock is 6 min ahead of the cluster's"),
        ("clocks-agree", later(-0.01, "here"), "warn", "this machine's clock is 3[5-7] s behind the cluster's"),
        ("kubernetes-version", of_kubernetes("v1.29.14-gke.100"), "fail", "older than what aiops can work with, 1.30"),
        ("kubernetes-version", of_kubernetes("v1.38.0"), "warn", "is not the one that aiops is tested with, 1.36"),
    ],
)
def test_what_a_kept_look_would_say(
    platform: Operator, tmp_path: Path, slug: str, change: Callable[[Json], None], status: str, says: str
) -> None:
    seen = rewritten(platform, tmp_path / "look", change)
    assert seen.bad == {slug: status}, seen.outcome
    assert re.search(says, seen.says(slug)), seen.outcome


def test_nodes_that_do_not_get_on(platform: Operator, tmp_path: Path) -> None:
    """New ones have time; nobody can write when a node was created, so the look ages by an hour."""
    nodes = {
        "nodes-ready": node("silent", ready=False), "gpu-nodes-usable": node("gpu-bare", gpus=0),
        "gpu-nodes-idle": node("gpu-idle", gpus=1),
    }  # fmt: skip
    with made(platform.cluster, *nodes.values()):
        assert_sound(platform)
        only = [word for slug in nodes for word in ("--only", slug)]
        seen = rewritten(platform, tmp_path / "look", later(1, "taken", "here"), *only)
    assert seen.bad == {"nodes-ready": "fail", "gpu-nodes-usable": "fail", "gpu-nodes-idle": "warn"}, seen.outcome
    assert re.search("node silent is not ready for 60 min.*cni plugin not initialized", seen.says("nodes-ready"))
    assert "node gpu-bare is up for 60 min and offers no GPU" in seen.says("gpu-nodes-usable")
    assert re.search("GPU node gpu-idle is up for 60 min, 0.85 so far, and nothing", seen.says("gpu-nodes-idle"))
    assert "silent" not in seen.says("gpu-nodes-idle"), seen.outcome
    assert_sound(platform)


def test_a_model_that_is_used_is_not_idle(platform: Operator) -> None:
    key = secret(platform, NAMESPACE, "vllm-api-key", "api-key")
    with a_forgotten_model(platform), Server(Vllm(SERVED, key)) as server:
        platform.cluster.forward(NAMESPACE, 8000, server.port)
        asked = platform("smoke")
        assert asked.code == 0, asked
        seen = doctor(platform, *PROFILE)
        assert (seen.bad, seen.outcome.code) == (OLDER_THAN_ITS_KEY, 0), seen.outcome
        assert re.search(r"is up for 60 min: \d+ requests answered, 0 running", seen.says("gpu-models-idle")), (
            seen.outcome
        )


# What is kept, and what is not.


@pytest.mark.parametrize("output", ["table", "short", "json", "junit", "github"])
def test_a_look_that_was_kept_reads_the_same(platform: Operator, tmp_path: Path, output: str) -> None:
    """Byte by byte, without a cluster, a config or a repository, whatever was left out."""
    file, nowhere = tmp_path / "look", {"KUBECONFIG": str(tmp_path / "none")}
    file.touch(mode=0o644)
    broken = BROKEN["no-default-class"]
    with broken.how(platform):
        for words in ((), ("--only", "gpu", "--only", "storage"), ("--skip", "gpu-*", "--skip", "secrets", "--strict")):
            first = platform("doctor", *PROFILE, "-o", output, *words, "--save", str(file))
            again = platform("doctor", "-o", output, *words, "--from", str(file), environ=nowhere, folder=tmp_path)
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert (first.code, again.code) == (3, 3), again
            assert "StorageClass" in first.out
            assert again.out == first.out
    assert [path.name for path in tmp_path.iterdir()] == ["look"], "something was left beside it"


def test_a_look_of_some_checks_does_not_answer_for_others(platform: Operator, tmp_path: Path) -> None:
    file = str(tmp_path / "look")
    assert platform("doctor", *PROFILE, "--only", "storage", "--save", file).code == 0
    seen = doctor(platform, "--from", file, "--only", "storage", "--only", "nodes-ready")
    assert (seen.bad, seen.outcome.code) == ({"nodes-ready": "unknown"}, 5), seen.outcome
    assert "this look did not read nodes" in seen.says("nodes-ready"), seen.outcome


def canaries(log: Path) -> Iterator[Json]:
    """Objects that hold one wherever a program might read it aloud; `kubectl apply` adds the whole again."""
    notes, env = {"example.test/note": CANARY}, [{"name": "TOKEN", "value": CANARY}]
    labels = {"app": "canary"}
    container = {
        "name": "c",
        "image": "example.test/c:1",
        "env": env,
        "args": [f"--token={CANARY}"],
        "command": [CANARY],
    }
    template = {"metadata": {"labels": labels, "annotations": notes}, "spec": {"containers": [container]}}
    meta: Json = {"name": "canary", "namespace": "default", "annotations": notes}
    yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"token": CANARY}}
    yield {"apiVersion": "v1", "kind": "Secret", "metadata": {**meta, "name": "canary-2"}, "stringData": {"t": CANARY}}
    yield {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [{"port": 80}]}}
    yield {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta,
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }  # fmt: skip
    yield {
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "canary", "annotations": notes},
        "provisioner": "example.test/none", "parameters": {"token": CANARY},
    }  # fmt: skip
    yield {
        "apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore",
        "metadata": {"name": "canary", "annotations": notes},
        "spec": {"provider": {"fake": {"data": [{"key": "k", "value": CANARY}]}}},
    }  # fmt: skip
    yield {
        "apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "ClusterLogs", "metadata": {"name": "canary"},
        "spec": {"logs": [{"logsFile": str(log)}]},
    }  # fmt: skip
    helm = {"values": f"token: {CANARY}", "parameters": [{"name": "token", "value": CANARY}]}
    source = {
        "repoURL": f"https://user:{CANARY}@git.example.com/x.git", "path": "x", "helm": helm,
        "kustomize": {"commonAnnotations": notes}, "plugin": {"env": env},
    }  # fmt: skip
    yield {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": "canary", "namespace": "argocd", "annotations": {**notes, SKIPPED: "true"}},
        "spec": {"project": "platform", "source": source, "info": env,
                 "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"}},
        "status": {"sync": {"status": "Unknown", "comparedTo": {"source": source, "destination": {}}}},
    }  # fmt: skip


def with_a_secret(text: str) -> str:
    """keda's Deployment with one in its environment, and for a node that there is not."""
    env = f"          env: [{{name: TOKEN, value: {CANARY}}}]\n          ports:\n"
    return text.replace("          ports:\n", env, 1).replace(
        "      containers:\n", "      nodeSelector: {a: b}\n      containers:\n", 1
    )


def test_no_secret_is_shown_or_kept(platform: Operator, changed: Changed, tmp_path: Path) -> None:
    """Operator.check looks for it in all that is printed; here it is looked for in all that is kept."""
    (tmp_path / "log").write_text(f"{stamp()[:-1]}.000000000Z stdout F {CANARY}\n")
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(canaries(tmp_path / "log"))})
    platform.cluster.kubectl("apply", "-f", "-", text=text)
    changed((DEPLOYMENT, with_a_secret))
    assert platform("wait", *PROFILE, "--timeout", "8s").code == 4
    for output in ("table", "short", "json", "junit", "github"):
        outcome = platform("doctor", *PROFILE, "-o", output, "--save", str(tmp_path / "look"))
        assert (outcome.code, "no node takes it" in outcome.text) == (0, True), outcome
    for words in (("status",), ("status", "-o", "json"), ("history",), ("history", "last"), ("history", "-o", "json")):
        outcome = platform(*words)
        assert outcome.code == 0, outcome
    look = (tmp_path / "look").read_text()
    assert '"canary"' in look, "the objects that hold it were not seen"
    journals = list((platform.state / "aiops" / "runs").glob("*.jsonl"))
    assert any("no node takes it" in path.read_text() for path in journals)
    assert [path for path in (tmp_path / "look", *journals) if CANARY in path.read_text()] == []
    platform.cluster.kubectl("delete", "-f", "-", "--wait=false", text=text)


def test_the_rights_that_the_manual_names(platform: Operator) -> None:
    """docs/rbac.yaml: aiops-doctor and aiops-causes, and aiops-doctor-secrets for one check."""
    roles = ("aiops-doctor", "aiops-causes")
    few = {"KUBECONFIG": platform.cluster.account("looker", *roles)}
    seen = doctor(platform, *PROFILE, environ=few)
    assert seen.bad == {"secrets-present": "unknown"}, seen.outcome
    assert "ClusterRole aiops-doctor-secrets" in seen.says("secrets-present"), seen.outcome
    seen = doctor(platform, *PROFILE, "--skip", "secrets-present", environ=few)
    assert (seen.bad, seen.outcome.code) == ({}, 0), seen.outcome
    assert platform("status", environ=few).code == 0
    all_of_them = {"KUBECONFIG": platform.cluster.account("doctor", *roles, "aiops-doctor-secrets")}
    seen = doctor(platform, *PROFILE, environ=all_of_them)
    assert (seen.bad, seen.outcome.code) == ({}, 0), seen.outcome


def test_a_service_that_gets_no_address(platform: Operator, tmp_path: Path) -> None:
    """A cloud has three minutes from the moment on in which somebody asks for it; the look ages by an hour."""
    of_type(platform, "LoadBalancer")
    try:
        assert_sound(platform)
        seen = rewritten(platform, tmp_path / "look", later(1, "taken", "here"), "--only", "load-balancer-address")
    finally:
        of_type(platform, "ClusterIP")
    assert seen.bad == {"load-balancer-address": "fail"}, seen.outcome
    assert "default/edge has had no address for 60 min" in seen.says("load-balancer-address"), seen.outcome
    assert_sound(platform)


def test_without_the_kinds_of_argo_cd(platform: Operator) -> None:
    """The last one: Argo CD does not get over it."""
    platform.cluster.kubectl("delete", "crd", "appprojects.argoproj.io", "--wait=false")
    free = json.dumps({"metadata": {"finalizers": None}})
    platform.cluster.kubectl("-n", "argocd", "patch", "appproject", "platform", "--type=merge", "-p", free)
    platform.cluster.kubectl("wait", "crd", "appprojects.argoproj.io", "--for=delete", "--timeout=60s")
    seen = doctor(platform, *PROFILE)
    assert seen.bad == {"argocd-installed": "fail"}, seen.outcome
    assert "the cluster does not know AppProject (argoproj.io)" in seen.says("argocd-installed"), seen.outcome
    assert (seen.outcome.code, seen.causes) == (3, {"argocd-installed"}), seen.outcome
