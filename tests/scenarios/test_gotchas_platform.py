"""What goes wrong on a platform as nobody expects it: each provoked by a change, named by `doctor`, and mended."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from aiops.snapshot import Json
from tests.scenarios.breaking import (
    BAD,
    LONG_AGO_S,
    PROFILE,
    Broken,
    Environ,
    Seen,
    assert_sound,
    by_hand,
    doctor,
    later,
    made,
    rewritten,
    settle,
    with_object,
)
from tests.scenarios.by_hand import OFF, stamp
from tests.scenarios.cluster import Cluster, eventually, patch_status
from tests.scenarios.commits import (
    CATALOG,
    CHECKED,
    CHECKER,
    ELSEWHERE,
    FOLDER,
    committed,
    end_of_retries,
    failed,
    gave_up,
    new,
    pushed,
    sync,
    until,
    webhook,
)
from tests.scenarios.conftest import Operator
from tests.scenarios.models import MODEL, NAMESPACE, gpu_nodes, replicas, scale

pytestmark = pytest.mark.long

GROUPS = "clusters/lab/groups.generated.yaml"


def body(version: str, kind: str, name: str, spec: Json | None = None, **more: object) -> Json:
    """An object of nobody, which no simulation touches."""
    meta = {"name": name, "namespace": FOLDER, "annotations": OFF}
    return {"apiVersion": version, "kind": kind, "metadata": meta, **({"spec": spec} if spec else {}), **more}


def definition(group: str, version: str, kind: str, *, namespaced: bool = True, schema: Json | None = None) -> Json:
    """A small CustomResourceDefinition of a kind that the sample tree does not bring."""
    names = {"kind": kind, "plural": f"{kind.lower()}s".replace("ys", "ies"), "singular": kind.lower()}
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, **(schema or {})}
    served = {"name": version, "served": True, "storage": True, "subresources": {"status": {}},
              "schema": {"openAPIV3Schema": anything}}  # fmt: skip
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{names['plural']}.{group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, of a test"},
        },
        "spec": {
            "group": group, "names": names, "versions": [served],
            "scope": "Namespaced" if namespaced else "Cluster",
        },
    }  # fmt: skip


@contextmanager
def known(cluster: Cluster, crd: Json) -> Iterator[None]:
    """A kind that is served meanwhile."""
    name = crd["metadata"]["name"]
    with made(cluster, crd):
        cluster.kubectl("wait", "crd", name, "--for=condition=Established", "--timeout=60s")
        eventually(cluster, f"{name} is listed", lambda: name in cluster.kubectl("api-resources", "-o", "name"))
        yield


# How things are broken.


def taken_over(text: str) -> str:
    """The model's Application synced by itself, and with nothing that keeps its replicas."""
    kept = re.sub(r"  ignoreDifferences:\n(    .*\n)+", "", text)
    kept = re.sub(r".*RespectIgnoreDifferences=true\n", "", kept)
    return kept.replace("  syncPolicy:\n", "  syncPolicy:\n    automated: { selfHeal: true }\n")


@contextmanager
def set_back(operator: Operator) -> Iterator[Environ]:
    """Somebody scales a model up, and Argo CD scales it down again."""
    with pushed(operator, {f"{CATALOG}/serving-core/{MODEL}.yaml": taken_over}):
        settle(operator, "wait", *PROFILE)
        scale(operator, 1)
        eventually(operator.cluster, "Argo CD has set it back", lambda: replicas(operator) == 0)
        yield {}
    eventually(operator.cluster, "the GPU nodes leave", lambda: not gpu_nodes(operator))


@contextmanager
def queueing(operator: Operator) -> Iterator[Environ]:
    """Kueue is asked for the Jobs of all namespaces, and is not there: nobody can make one."""
    rules = [
        {"apiGroups": ["batch"], "resources": ["jobs"]},
        {"apiGroups": ["kueue.x-k8s.io"], "resources": ["clusterqueues"]},
    ]
    with made(operator.cluster, webhook("kueue.test", rules, "kueue-webhook")):

        def is_refused() -> bool:
            try:
                operator.cluster.kubectl("create", "job", "anybodys", "--image=x", "--dry-run=server")
            except AssertionError as error:
                return "failed calling webhook" in str(error)
            return False

        eventually(operator.cluster, "no Job can be made", is_refused)
        yield {}


QUEUES = definition(
    "kueue.x-k8s.io", "v1beta2", "ClusterQueue", namespaced=False,
    schema={"properties": {"spec": {
        "type": "object", "x-kubernetes-preserve-unknown-fields": True,
        "properties": {"resourceGroups": {"type": "array", "items": {
            "type": "object", "x-kubernetes-preserve-unknown-fields": True,
            "properties": {"preference": {"type": "string", "default": "Any"}},
        }}},
    }}},
)  # fmt: skip
"""With a field that the API server fills in, within a list, which Argo CD compares as a whole."""
QUEUE = """\
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata:
  name: gpu
spec:
  resourceGroups:
    - coveredResources: [nvidia.com/gpu]
"""


@contextmanager
def queue_differs(operator: Operator) -> Iterator[Environ]:
    """A ClusterQueue gets more than git says, and Argo CD sets that back again and again."""
    with known(operator.cluster, QUEUES), pushed(operator, {"platform/keda/queue.yaml": new(QUEUE)}):
        operator("wait", *PROFILE, "--timeout", "5s")
        until(operator, "keda", "is synced again and again", lambda status: differs(status) and healed(status) > 1)
        yield {}


def healed(status: Json) -> int:
    """How often one commit was synced for what differs."""
    return int(status["operationState"]["operation"]["sync"].get("autoHealAttemptsCount") or 0)


def differs(status: Json) -> bool:
    return bool(status.get("sync", {}).get("status") == "OutOfSync")


JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: mint
spec:
  ttlSecondsAfterFinished: 0
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: mint
          image: example.invalid/mint:1
"""


@contextmanager
def job_gone(operator: Operator) -> Iterator[Environ]:
    """A Job deletes itself after its end, and Argo CD misses it."""
    with pushed(operator, {"demos/echo/job.yaml": new(JOB)}):
        sync(operator, "echo")
        jobs = ("-n", "demos", "get", "jobs", "-o", "name")
        eventually(operator.cluster, "the Job is gone", lambda: not operator.cluster.kubectl(*jobs))
        until(operator, "echo", "misses it", differs)
        yield {}


UNPLACED = "      containers:\n", "      nodeSelector: { nobody: has-it }\n      containers:\n"
SECRETS, SECRETS_CONFIG = "external-secrets", "external-secrets-config"


@contextmanager
def overtaken(operator: Operator) -> Iterator[Environ]:
    """A commit changes what takes a while in an early wave, and brings what cannot be applied yet in a later one."""
    edits = {
        "platform/external-secrets/deployment.yaml": lambda text: text.replace(*UNPLACED, 1),
        "platform/external-secrets/config/early.yaml": new(ELSEWHERE),
        "platform/external-secrets/config/kustomization.yaml": lambda text: f"{text}  - early.yaml\n",
    }
    with pushed(operator, edits):
        operator("wait", *PROFILE, "--timeout", "5s")
        until(operator, SECRETS, "is not well", lambda status: status["health"]["status"] != "Healthy")
        until(operator, SECRETS_CONFIG, "has failed", failed)
        yield {}
        end_of_retries(operator, SECRETS_CONFIG)


@contextmanager
def unanswered(operator: Operator) -> Iterator[Environ]:
    """A commit brings an object that a webhook is asked for whose server is gone."""
    with made(operator.cluster, CHECKER), pushed(operator, {"platform/keda/checked.yaml": new(CHECKED)}):
        operator("wait", *PROFILE, "--timeout", "5s")
        until(operator, "keda", "has failed", failed)
        yield {}
        end_of_retries(operator, "keda")


def without_identity(text: str) -> str:
    return re.sub(r'(name: identity, .*enabled: )"true"', r'\1"false"', text)


@contextmanager
def group_pushed_off(operator: Operator) -> Iterator[Environ]:
    """Somebody pushes a groups file without a group that runs; it is taken back before Argo CD reads it."""
    with operator.cluster.stalled("argocd-applicationset-controller"):
        operator.repository.edit(GROUPS, without_identity)
        operator.repository.push()
        yield {}
        operator.repository.undo()
    settle(operator, "wait", *PROFILE)


@contextmanager
def group_off_here(operator: Operator) -> Iterator[Environ]:
    """The same, in the checkout alone."""
    head = operator.repository.head()
    operator.repository.edit(GROUPS, without_identity)
    yield {}
    operator.repository.reset(head)


DENY: Json = {
    "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
    "metadata": {"name": "default-deny", "namespace": "experience"}, "spec": {"podSelector": {}},
}  # fmt: skip
ENFORCER = body(
    "apps/v1", "DaemonSet", "anetd",
    {"selector": {"matchLabels": {"app": "anetd"}},
     "template": {"metadata": {"labels": {"app": "anetd"}},
                  "spec": {"nodeSelector": {"nobody": "has-it"}, "containers": [{"name": "a", "image": "a:1"}]}}},
)  # fmt: skip


GATEWAY, GATEWAY_IN = "platform-gateway", "gateway-system"


@contextmanager
def gateway_waits(operator: Operator) -> Iterator[Environ]:
    """No controller looks at a Gateway."""
    waits = {"type": "Programmed", "status": "Unknown", "reason": "Pending", "message": "Waiting for controller",
             "lastTransitionTime": stamp()}  # fmt: skip
    with by_hand(operator, "gateway", GATEWAY, GATEWAY_IN, waits) as environ:
        yield environ


API = "gateway.networking.k8s.io"
POOL_GROUP = "inference.networking.k8s.io"
POOLS = definition(POOL_GROUP, "v1", "InferencePool")
ROUTE = body(
    f"{API}/v1", "HTTPRoute", "to-nothing",
    {"rules": [{"backendRefs": [{"group": POOL_GROUP, "kind": "InferencePool", "name": "nowhere"}]}]},
)  # fmt: skip


@contextmanager
def route_to_nothing(operator: Operator) -> Iterator[Environ]:
    """A route sends its requests to a pool that is not there, as its controller says."""
    refused = {"type": "ResolvedRefs", "status": "False", "reason": "BackendNotFound", "message": "pool not found",
               "lastTransitionTime": stamp(LONG_AGO_S)}  # fmt: skip
    with made(operator.cluster, ROUTE):
        patch_status(operator.cluster, "httproute", "to-nothing", {"parents": [{"conditions": [refused]}]})
        yield {}


SERVES = {"app": "unanswered"}
POOL = body(f"{POOL_GROUP}/v1", "InferencePool", "unanswered",
            {"selector": {"matchLabels": SERVES}, "targetPorts": [{"number": 8000}]})  # fmt: skip


@contextmanager
def pool_unanswered(operator: Operator) -> Iterator[Environ]:
    """The only pod of a pool crashes again and again."""
    pod = body("v1", "Pod", "unanswered", {
        "nodeName": "cpu-0", "containers": [{"name": "server", "image": "example.invalid/server:1"}],
    })  # fmt: skip
    pod["metadata"]["labels"] = SERVES
    crashes = {"name": "server", "image": "example.invalid/server:1", "imageID": "", "ready": False, "restartCount": 9,
               "state": {"waiting": {"reason": "CrashLoopBackOff"}},
               "lastState": {"terminated": {"reason": "Error", "exitCode": 1}}}  # fmt: skip
    ready = {"type": "Ready", "status": "False", "lastTransitionTime": stamp(LONG_AGO_S)}
    status = {"phase": "Running", "conditions": [ready], "containerStatuses": [crashes]}
    with known(operator.cluster, POOLS), made(operator.cluster, POOL, pod):
        patch_status(operator.cluster, "pod", "unanswered", status)
        yield {}


POLICIES = definition("agentgateway.dev", "v1alpha1", "AgentgatewayPolicy")
POLICY = body("agentgateway.dev/v1alpha1", "AgentgatewayPolicy", "of-nothing", {
    "targetRefs": [{"group": API, "kind": "HTTPRoute", "name": "nowhere"}],
    "traffic": {"extAuth": {"backendRef": {"name": "login", "port": 80}}},
})  # fmt: skip


@contextmanager
def policy_of_nothing(operator: Operator) -> Iterator[Environ]:
    """A policy that asks for logins names a route that is not there."""
    with known(operator.cluster, POLICIES), made(operator.cluster, POLICY):
        yield {}


ELSEWHERE_ROUTE = body(f"{API}/v1", "HTTPRoute", "of-the-template", {"hostnames": ["chat.template.example.org"]})


@dataclass(frozen=True)
class Case:
    """One check, and what makes it find something live."""

    slug: str
    how: Broken
    says: str
    """A pattern in what it finds live."""
    status: str = "fail"
    later_h: float = 0.0
    """So much older is the look that is judged: nobody can write when an object was made."""


CASES: Mapping[str, Case] = {
    "replicas": Case(
        "replicas-respected", set_back,
        f"Argo CD sets Deployment {NAMESPACE}/{MODEL} back to the replicas of git at once"
        ".*no ignoreDifferences for /spec/replicas.*no syncOption Respect.*argocd-controller set spec.replicas to 0",
    ),
    "kueue-webhooks": Case(
        "kueue-webhooks-scoped", queueing,
        "kueue.test is asked for Jobs and pods of every namespace, and may not fail: jobs.kueue.test"
        ".*Service default/kueue-webhook.*0 ready endpoints",
    ),
    "kueue-defaults": Case(
        "kueue-defaults", queue_differs,
        "ClusterQueue gpu is OutOfSync although keda was synced, and nothing else of it is",
    ),
    "job": Case(
        "jobs-are-hooks", job_gone, "echo is OutOfSync for nothing but Job demos/mint, which is gone", "warn",
    ),
    "wave": Case(
        "waves-gate", overtaken, f"{SECRETS_CONFIG} was synced, and failed, before {SECRETS} of an earlier wave",
        "warn",
    ),
    "webhook": Case(
        "webhooks-answer", unanswered,
        "keda: the sync failed on webhook configmaps.checker.test, and Service default/checker has no ready endpoint",
    ),
    "commit": Case(
        "commit-current", committed(0), "is synced with [0-9a-f]{8}, and main is at [0-9a-f]{8}.*has not read main",
        "warn",
    ),
    "old-commit": Case(
        "commit-current", committed(LONG_AGO_S), "main is at [0-9a-f]{8}, which is 6[0-9] min old.*has not read main",
    ),
    "retries": Case(
        "sync-retries", gave_up,
        "keda: its sync failed .*and nothing tries it again: .*elsewhere.*after 2 tries of one commit", "warn",
    ),
    "old-retries": Case("sync-retries", gave_up, "keda: its sync failed 6[0-9] min ago", later_h=1),
    "group": Case(
        "groups-pruned", group_pushed_off,
        "ApplicationSet layer-platform deletes group-identity with 1 application, 1 Deployment.*does not enable it any",
        "warn",
    ),
    "group-here": Case(
        "groups-pruned", group_off_here,
        "pushed as it lies here, .*would make ApplicationSet layer-platform delete group-identity", "warn",
    ),
    "network": Case(
        "network-paths", with_object(DENY),
        "NetworkPolicy experience/default-deny keeps Gateway .* from Service experience/chat.*latent", "warn",
    ),
    "network-enforced": Case(
        "network-paths", with_object(DENY, ENFORCER),
        "NetworkPolicy experience/default-deny keeps Gateway .* from Service experience/chat",
    ),
    "gateway": Case(
        "gateway-programmed", gateway_waits, f"Gateway {GATEWAY_IN}/{GATEWAY} is not programmed for 6[0-9] min",
        later_h=1,
    ),
    "pool-name": Case(
        "pool-names", route_to_nothing,
        "HTTPRoute default/to-nothing sends requests to InferencePool default/nowhere, which is not there",
    ),
    "pool": Case(
        "pool-endpoints", pool_unanswered,
        "InferencePool default/unanswered has had no pod that is ready for 6[0-9] min.*server keeps ending: Error",
    ),
    "policy": Case(
        "route-policies-attached", policy_of_nothing,
        "AgentgatewayPolicy default/of-nothing is attached to nothing: there is no HTTPRoute default/nowhere",
        later_h=1,
    ),
    "host": Case(
        "hosts-in-domain", with_object(ELSEWHERE_ROUTE),
        "HTTPRoute default/of-the-template is exposed as chat.template.example.org, outside of lab.example.com", "warn",
    ),
}  # fmt: skip
SLUGS = tuple(dict.fromkeys(case.slug for case in CASES.values()))


@pytest.fixture(scope="module")
def platform(standing: Operator) -> Operator:
    """It stands with its model, at 0, and with the demo that is synced by hand."""
    sync(standing, MODEL)
    sync(standing, "echo")
    assert_sound(standing, *SLUGS)
    return standing


@pytest.mark.parametrize("name", CASES)
def test_it_is_named_and_mended(platform: Operator, name: str, tmp_path: Path) -> None:
    case = CASES[name]
    with case.how(platform) as environ:
        seen = looked(platform, case, tmp_path / "look", environ)
    found = [each for each in seen.checks[case.slug]["findings"] if each["status"] in BAD and not each["file"]]
    assert re.search(case.says, json.dumps(found, ensure_ascii=False), re.DOTALL), seen.outcome
    assert {each["status"] for each in found} == {case.status}, seen.outcome
    assert seen.outcome.code == (3 if case.status == "fail" else 0), seen.outcome
    assert_sound(platform, case.slug)


def looked(operator: Operator, case: Case, file: Path, environ: Environ) -> Seen:
    """What doctor finds, now or in the look of now when that is older."""
    only = ("--only", case.slug)
    if not case.later_h:
        return doctor(operator, *PROFILE, *only, environ=environ)
    return rewritten(operator, file, later(case.later_h, "taken", "here"), *only)
