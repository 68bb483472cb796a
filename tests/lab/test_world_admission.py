"""What the API server's own plugins refuse, in its words."""

from typing import Any

import pytest

from aiops.lab.api.kinds import Json
from aiops.lab.api.refusals import Refusal
from aiops.lab.cluster import Cluster
from aiops.lab.world import admission, quota
from tests.lab.world import ADMIN, create, pod_spec, world


@pytest.fixture
def cluster() -> Cluster:
    return world(admission)


def refusal(cluster: Cluster, spec: Json | None = None, **meta: object) -> Refusal:
    with pytest.raises(Refusal) as caught:
        create(cluster, "pods", "p", metadata=meta, spec=spec or pod_spec())
    return caught.value


def said(cluster: Cluster, spec: Json | None = None, **meta: object) -> str:
    found = refusal(cluster, spec, **meta)
    assert (found.code, found.reason) == (403, "Forbidden")
    return found.message.removeprefix('pods "p" is forbidden: ')


def limited(spec: Json, **resources: Json) -> Json:
    (container,) = spec["containers"]
    return {**spec, "containers": [{**container, "resources": resources}]}


def test_a_pod_is_completed(cluster: Cluster) -> None:
    own = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
    spec = create(cluster, "pods", "p", spec=pod_spec(tolerations=[own]))["spec"]
    assert spec["serviceAccountName"] == "default"
    other = {**own, "key": "node.kubernetes.io/unreachable", "tolerationSeconds": 300}
    assert spec["tolerations"] == [own, other]


def test_no_service_account(cluster: Cluster) -> None:
    why = 'error looking up service account x/vllm: serviceaccount "vllm" not found'
    assert said(cluster, pod_spec(serviceAccountName="vllm")) == why
    of_a_set = refusal(cluster, pod_spec(serviceAccountName="vllm"), name=None, generateName="set-")
    assert of_a_set.message == f'pods "set-" is forbidden: {why}'


def test_a_new_node_takes_no_pods(cluster: Cluster) -> None:
    taint = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
    node = cluster.objects.create("nodes", {"metadata": {"name": "n"}, "spec": {}}, ADMIN)
    assert node["spec"]["taints"] == [taint]


@pytest.mark.parametrize(
    ("hard", "words"),
    [
        ({"count/pods": "0"}, "requested: count/pods=1, used: count/pods=0, limited: count/pods=0"),
        ({"pods": "0", "secrets": "0"}, "requested: pods=1, used: pods=0, limited: pods=0"),
        (
            {"requests.nvidia.com/gpu": "1", "requests.memory": "1Gi", "limits.memory": "3Gi"},
            "requested: requests.memory=2Gi,requests.nvidia.com/gpu=2, "
            "used: requests.memory=0,requests.nvidia.com/gpu=0, "
            "limited: requests.memory=1Gi,requests.nvidia.com/gpu=1",
        ),
    ],
)
def test_a_quota(cluster: Cluster, hard: Json, words: str) -> None:
    create(cluster, "resourcequotas", "hand", spec={"hard": hard})
    spec = limited(pod_spec(), requests={"memory": "2Gi"}, limits={"memory": "3Gi", "nvidia.com/gpu": "2"})
    assert said(cluster, spec) == f"exceeded quota: hand, {words}"


def test_what_counts_of_a_quota(cluster: Cluster) -> None:
    """A dry run does not; a pod that has ended holds its place among all objects, and no other."""
    create(cluster, "resourcequotas", "hand", spec={"hard": {"count/pods": "2", "pods": "1"}})
    body = {"metadata": {"name": "p", "namespace": "x"}, "spec": pod_spec()}
    for _ in range(2):
        cluster.objects.create("pods", body, ADMIN, dry_run=True)
    pod = cluster.objects.create("pods", body, ADMIN)
    assert said(cluster, name="q").startswith('pods "q" is forbidden: exceeded quota: hand, requested: pods=1,')
    cluster.objects.set_status("pods", pod, {"phase": "Failed"}, ADMIN)
    create(cluster, "pods", "q", spec=pod_spec())
    assert quota.used(cluster.objects, "x", ("count/pods", "pods")) == {"count/pods": "2", "pods": "1"}
    assert "requested: count/pods=1,pods=1, used: count/pods=2,pods=1" in refusal(cluster, name="r").message


def test_a_quota_that_came_late(cluster: Cluster) -> None:
    """Less than is used already: only who asks for more of it is refused."""
    create(cluster, "pods", "p", spec=pod_spec(gpus=1))
    create(cluster, "resourcequotas", "hand", spec={"hard": {"requests.nvidia.com/gpu": "0"}})
    create(cluster, "pods", "cpu", spec=pod_spec())
    assert "exceeded quota" in refusal(cluster, pod_spec(gpus=1), name="gpu").message


def test_a_limit_range(cluster: Cluster) -> None:
    create(cluster, "limitranges", "hand", spec={"limits": [{"type": "Container", "max": {"memory": "1Gi"}}]})
    create(cluster, "pods", "small", spec=limited(pod_spec(), limits={"memory": "1024Mi"}))
    big = limited(pod_spec(), limits={"memory": "2Gi"})
    why = "maximum memory usage per Container is 1Gi, but limit is 2Gi"
    assert said(cluster, big) == why
    assert said(cluster, {**big, "initContainers": big["containers"]}) == f"[{why}, {why}]"


def labelled(cluster: Cluster, **labels: str) -> None:
    names = {f"pod-security.kubernetes.io/{key}": level for key, level in labels.items()}
    cluster.objects.edit(
        "namespaces", "x", "", lambda now: {**now, "metadata": {**now["metadata"], "labels": names}}, ADMIN
    )


SAFE = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def test_pod_security(cluster: Cluster) -> None:
    labelled(cluster, enforce="restricted")
    assert said(cluster) == (
        'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "main" must set '
        'securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "main" must set '
        'securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "main" must set '
        'securityContext.runAsNonRoot=true), seccompProfile (pod or container "main" must set '
        'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
    )
    (container,) = pod_spec()["containers"]
    containers = [{**container, "securityContext": SAFE}, {**container, "name": "side", "securityContext": SAFE}]
    own = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    create(cluster, "pods", "safe", spec={"containers": containers, "securityContext": own})
    assert said(
        cluster, {"containers": containers, "hostNetwork": True, "securityContext": own | {"runAsNonRoot": False}}
    ) == (
        'violates PodSecurity "restricted:latest": host namespaces (hostNetwork=true), runAsNonRoot != true '
        '(pod or containers "main", "side" must set securityContext.runAsNonRoot=true)'
    )
    labelled(cluster, enforce="baseline", warn="restricted")
    create(cluster, "pods", "p", spec=pod_spec())


PODS: Json = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
GROUP = "admissionregistration.k8s.io"


def policy(cluster: Cluster, expression: str, action: str = "Deny", rule: Json | None = None, **more: object) -> None:
    validation = {"expression": expression, **({"message": "not today"} if expression == "false" else {})}
    spec = {"matchConstraints": {"resourceRules": [PODS | (rule or {})]}, "validations": [validation], **more}
    create(cluster, f"validatingadmissionpolicies.{GROUP}", "never", spec=spec)
    binding = {"policyName": "never", "validationActions": [action]}
    create(cluster, f"validatingadmissionpolicybindings.{GROUP}", "bound", spec=binding)


def test_an_admission_policy(cluster: Cluster) -> None:
    policy(cluster, "false")
    found = refusal(cluster)
    why = "ValidatingAdmissionPolicy 'never' with binding 'bound' denied request: not today"
    assert (found.code, found.reason, found.message) == (422, "Invalid", f'pods "p" is forbidden: {why}')
    assert found.details == {"name": "p", "kind": "pods", "causes": [{"message": why}]}
    create(cluster, "configmaps", "c")


@pytest.mark.parametrize(
    ("expression", "more"),
    [
        ("true", {}), ("object.x", {}), ("false", {"action": "Audit"}), ("false", {"rule": {"resources": ["jobs"]}}),
        ("false", {"matchConditions": [{"name": "n", "expression": "object.x"}]}),
    ],
)  # fmt: skip
def test_a_policy_that_admits(cluster: Cluster, expression: str, more: dict[str, Any]) -> None:
    policy(cluster, expression, **more)
    create(cluster, "pods", "p", spec=pod_spec())


def webhook(cluster: Cluster, client: Json, **more: object) -> None:
    hook = {"name": "mpod.kb.io", "clientConfig": client, "rules": [PODS], **more}
    cluster.objects.create(
        f"validatingwebhookconfigurations.{GROUP}", {"metadata": {"name": "hook"}, "webhooks": [hook]}, ADMIN
    )


URL = {"url": "https://127.0.0.1:9/validate"}


@pytest.mark.parametrize(
    ("client", "why"),
    [
        (URL, 'Post "https://127.0.0.1:9/validate?timeout=10s": dial tcp 127.0.0.1:9: connect: connection refused'),
        (
            {"service": {"name": "kueue", "namespace": "x", "path": "/v"}},
            'Post "https://kueue.x.svc:443/v?timeout=10s": service "kueue" not found',
        ),
    ],
)
def test_a_webhook_that_is_not_up(cluster: Cluster, client: Json, why: str) -> None:
    webhook(cluster, client)
    found = refusal(cluster)
    message = f'Internal error occurred: failed calling webhook "mpod.kb.io": failed to call webhook: {why}'
    assert (found.code, found.reason, found.message) == (500, "InternalError", message)


@pytest.mark.parametrize(
    "more",
    [
        {"failurePolicy": "Ignore"},
        {"namespaceSelector": {"matchExpressions": [{"key": "managed", "operator": "In", "values": ["true"]}]}},
        {"objectSelector": {"matchLabels": {"app": "other"}}},
        {"rules": [PODS | {"operations": ["UPDATE"]}]},
    ],
)
def test_a_webhook_that_is_not_asked(cluster: Cluster, more: Json) -> None:
    webhook(cluster, URL, **more)
    create(cluster, "pods", "p", spec=pod_spec())


def test_who_refuses_everything_can_be_removed(cluster: Cluster) -> None:
    everything = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}
    webhook(cluster, URL, rules=[everything])
    assert refusal(cluster).code == 500
    cluster.objects.delete(f"validatingwebhookconfigurations.{GROUP}", "hook", "", ADMIN)
    create(cluster, "pods", "p", spec=pod_spec())
