"""Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs, as kube-controller-manager has them."""

import asyncio
from typing import Any

import pytest

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Event
from aiops.lab.cluster import Cluster
from aiops.lab.world import (
    admission,
    daemonsets,
    deployments,
    garbage,
    jobs,
    kubelet,
    node_lifecycle,
    nodes,
    replicasets,
    scheduling,
    statefulsets,
    volumes,
)
from aiops.lab.world.pods import condition_of, is_active, is_ready
from tests.lab.world import ADMIN, create, edit, played, pod_spec, settled, until, world

MODULES = (
    admission, garbage, deployments, replicasets, statefulsets, daemonsets, jobs, scheduling, kubelet, nodes,
    node_lifecycle, volumes,
)  # fmt: skip
LABELS = {"app": "web"}


@pytest.fixture
def cluster() -> Cluster:
    cluster = world(*MODULES)
    for name in ("cpu-0", "cpu-1"):
        size = {"cpu": "8", "memory": "32Gi", "pods": "110"}
        body = {"metadata": {"name": name}, "spec": {}, "status": {"allocatable": size, "capacity": size}}
        cluster.objects.create("nodes", body, ADMIN)
    return cluster


def workload(**spec: Any) -> Json:
    template = {"metadata": {"labels": LABELS}, "spec": pod_spec()}
    return {"selector": {"matchLabels": LABELS}, "template": template, **spec}


def deploy(cluster: Cluster, **spec: Any) -> Json:
    return create(cluster, "deployments.apps", "web", spec=workload(**spec))


def change(cluster: Cluster, resource: str = "deployments.apps", **spec: Any) -> Json:
    return edit(cluster, resource, "web", lambda now: {**now, "spec": {**now["spec"], **spec}})


def newer(body: Json, image: str = "example.test/main:2") -> Json:
    """Its template with another image."""
    template = body["spec"]["template"]
    (container,) = template["spec"]["containers"]
    return {**template, "spec": {**template["spec"], "containers": [{**container, "image": image}]}}


def the(cluster: Cluster, resource: str = "deployments.apps") -> Json:
    return cluster.objects.get(resource, "web", "x")


def pods(cluster: Cluster) -> list[Json]:
    return cluster.objects.list("pods", "x")


def images(cluster: Cluster) -> set[str]:
    return {pod["spec"]["containers"][0]["image"][-1] for pod in pods(cluster)}


def told(cluster: Cluster, *reasons: str) -> list[str]:
    events = sorted(cluster.objects.list("events", "x"), key=lambda each: int(each["metadata"]["resourceVersion"]))
    return [each["message"] for each in events if each["reason"] in reasons]


def said(body: Json, *kinds: str) -> list[tuple[str, str, str]]:
    found = (condition_of(body, kind) for kind in kinds)
    return [(each.get("status", ""), each.get("reason", ""), each.get("message", "")) for each in found]


@played
async def test_a_deployment(cluster: Cluster) -> None:
    """Status, annotations and generations as a real one has them (seen on Kubernetes 1.36)."""
    deploy(cluster, replicas=2)
    await until(lambda: the(cluster).get("status", {}).get("availableReplicas") == 2)
    await settled(cluster)
    (replicaset,) = cluster.objects.list("replicasets.apps", "x")
    name = replicaset["metadata"]["name"]
    body = the(cluster)
    status = {key: value for key, value in body["status"].items() if key != "conditions"}
    assert status == {
        "observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
        "terminatingReplicas": 0,
    }  # fmt: skip
    assert said(body, "Available", "Progressing", "ReplicaFailure") == [
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability."),
        ("True", "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.'),
        ("", "", ""),
    ]
    assert body["metadata"]["generation"] == 1
    assert body["metadata"]["annotations"] == {"deployment.kubernetes.io/revision": "1"}
    assert replicaset["metadata"]["annotations"] == {
        "deployment.kubernetes.io/revision": "1", "deployment.kubernetes.io/desired-replicas": "2",
        "deployment.kubernetes.io/max-replicas": "3",
    }  # fmt: skip
    code = name.removeprefix("web-")
    assert {pod["metadata"]["labels"]["pod-template-hash"] for pod in pods(cluster)} == {code}
    assert all(pod["metadata"]["name"].startswith(f"{name}-") for pod in pods(cluster))
    assert told(cluster, "ScalingReplicaSet") == [f"Scaled up replica set {name} from 0 to 2"]


@played
async def test_a_rolling_update(cluster: Cluster) -> None:
    """Never fewer ready than asked for less a quarter, never more than a quarter too many; the revision goes up."""
    deploy(cluster, replicas=4)
    await until(lambda: the(cluster).get("status", {}).get("availableReplicas") == 4)
    counts: list[tuple[int, int]] = []

    def count(_: Event) -> None:
        active = [pod for pod in pods(cluster) if is_active(pod)]
        counts.append((len(active), sum(map(is_ready, active))))

    cluster.store.subscribers.append(count)
    change(cluster, template=newer(the(cluster)))
    await until(lambda: images(cluster) == {"2"} and the(cluster)["status"].get("availableReplicas") == 4)
    await settled(cluster)
    assert (max(total for total, _ in counts), min(ready for _, ready in counts)) == (5, 3)
    assert the(cluster)["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
    assert sorted(each["spec"]["replicas"] for each in cluster.objects.list("replicasets.apps")) == [0, 4]
    back = newer(the(cluster), "example.test/main:1")
    change(cluster, template=back)
    await until(lambda: images(cluster) == {"1"})
    await settled(cluster)
    assert the(cluster)["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    assert len(cluster.objects.list("replicasets.apps")) == 2


@played
async def test_a_rollout_that_cannot_go_on_leaves_enough(cluster: Cluster) -> None:
    """Also to the next one, which takes from what is not ready first."""
    body = deploy(cluster, replicas=4)
    await until(lambda: the(cluster).get("status", {}).get("availableReplicas") == 4)
    nowhere = newer(body)
    change(cluster, template={**nowhere, "spec": {**nowhere["spec"], "nodeSelector": {"a": "b"}}})
    await settled(cluster)
    assert sorted(map(is_ready, pods(cluster))) == [False, False, True, True, True]
    fewest: list[int] = []
    cluster.store.subscribers.append(
        lambda _: fewest.append(sum(is_ready(pod) for pod in pods(cluster) if is_active(pod)))
    )
    change(cluster, template=newer(body, "example.test/main:3"))
    await until(lambda: images(cluster) == {"3"})
    assert min(fewest) == 3


@played
async def test_a_pod_that_goes_is_replaced_at_once(cluster: Cluster) -> None:
    deploy(cluster)
    await until(lambda: the(cluster).get("status", {}).get("availableReplicas") == 1)
    (pod,) = pods(cluster)
    hold = {"finalizers": ["tests/hold"]}
    edit(cluster, "pods", pod["metadata"]["name"], lambda now: {**now, "metadata": {**now["metadata"], **hold}})
    cluster.objects.delete("pods", pod["metadata"]["name"], "x", ADMIN)
    await until(lambda: len(pods(cluster)) == 2)
    await until(lambda: the(cluster)["status"].get("availableReplicas") == 1)
    assert the(cluster)["status"]["terminatingReplicas"] == 1


@played
async def test_a_recreate_waits_for_the_last_pod_of_before(cluster: Cluster) -> None:
    def hold(*finalizers: str) -> None:
        (pod,) = pods(cluster)
        change = {"finalizers": list(finalizers)}
        edit(cluster, "pods", pod["metadata"]["name"], lambda now: {**now, "metadata": {**now["metadata"], **change}})

    deploy(cluster, strategy={"type": "Recreate"})
    await until(lambda: the(cluster).get("status", {}).get("availableReplicas") == 1)
    hold("tests/hold")
    change(cluster, template=newer(the(cluster)))
    await until(lambda: the(cluster)["status"].get("terminatingReplicas") == 1)
    await settled(cluster)
    assert images(cluster) == {"1"}
    assert the(cluster)["status"]["observedGeneration"] == 2
    hold()
    await until(lambda: images(cluster) == {"2"})


@played
async def test_a_pod_that_is_refused(cluster: Cluster) -> None:
    """It is in the words of the API, and goes once the pod is made."""
    create(cluster, "resourcequotas", "hand", spec={"hard": {"count/pods": "0"}})
    deploy(cluster)
    await until(lambda: condition_of(the(cluster), "ReplicaFailure"))
    ((status, reason, message),) = said(the(cluster), "ReplicaFailure")
    words = "is forbidden: exceeded quota: hand, requested: count/pods=1, used: count/pods=0, limited: count/pods=0"
    assert (status, reason) == ("True", "FailedCreate")
    assert message.endswith(words)
    assert told(cluster, "FailedCreate")[0].startswith('Error creating: pods "web-')
    assert the(cluster)["status"]["unavailableReplicas"] == 1
    cluster.objects.delete("resourcequotas", "hand", "x", ADMIN)
    await until(lambda: the(cluster)["status"].get("availableReplicas") == 1)
    await settled(cluster)
    assert condition_of(the(cluster), "ReplicaFailure") == {}


@played
async def test_events_that_differ_in_a_name_alone_are_few(cluster: Cluster) -> None:
    create(cluster, "resourcequotas", "hand", spec={"hard": {"count/pods": "0"}})
    deploy(cluster)
    await until(lambda: "combined" in "".join(told(cluster, "FailedCreate")))
    await until(lambda: max(each["count"] for each in cluster.objects.list("events")) > 1)
    assert len(told(cluster, "FailedCreate")) == 11
    ((_, _, first),) = said(the(cluster), "ReplicaFailure")
    assert told(cluster, "FailedCreate")[0] == f"Error creating: {first}"


@played
async def test_a_rollout_that_takes_too_long(cluster: Cluster) -> None:
    """Scaling up is none."""
    nowhere = {**pod_spec(), "nodeSelector": {"a": "b"}}
    body = deploy(cluster, replicas=0, progressDeadlineSeconds=20)
    await until(lambda: said(the(cluster), "Progressing")[0][1] == "NewReplicaSetAvailable")
    change(cluster, template={**body["spec"]["template"], "spec": nowhere})
    await settled(cluster)
    change(cluster, replicas=1)
    await until(lambda: pods(cluster))
    await asyncio.sleep(25 / cluster.clock.speed)
    assert said(the(cluster), "Progressing")[0][1] == "NewReplicaSetAvailable"
    change(cluster, template={**newer(the(cluster)), "spec": {**nowhere, "nodeSelector": {"a": "c"}}})
    await until(lambda: said(the(cluster), "Progressing")[0][0] == "False")
    ((_, reason, message),) = said(the(cluster), "Progressing")
    assert (reason, message.partition('" ')[2]) == ("ProgressDeadlineExceeded", "has timed out progressing.")


@played
async def test_a_stalled_manager_does_nothing(cluster: Cluster) -> None:
    cluster.parts.set("kube-controller-manager", "stalled")
    deploy(cluster)
    await settled(cluster)
    assert (pods(cluster), the(cluster).get("status", {}).get("observedGeneration")) == ([], None)
    cluster.parts.set("kube-controller-manager", "up")
    await until(lambda: the(cluster).get("status", {}).get("availableReplicas") == 1)


@played
async def test_the_least_useful_pod_goes_first(cluster: Cluster) -> None:
    deploy(cluster, replicas=2)
    await until(lambda: the(cluster).get("status", {}).get("availableReplicas") == 2)
    for node in ("cpu-0", "cpu-1"):
        edit(cluster, "nodes", node, lambda now: {**now, "spec": {**now["spec"], "unschedulable": True}})
    ready = {pod["metadata"]["name"] for pod in pods(cluster)}
    change(cluster, replicas=3)
    await until(lambda: len(pods(cluster)) == 3)
    change(cluster, replicas=2)
    await until(lambda: len(pods(cluster)) == 2)
    assert {pod["metadata"]["name"] for pod in pods(cluster)} == ready


@played
async def test_a_stateful_set(cluster: Cluster) -> None:
    """Its pods in order, each with its volume; a newer template from the last to the first."""
    order: list[str] = []
    cluster.store.subscribers.append(
        lambda event: (
            order.append(f"{event.type} {event.name[1]}")
            if event.resource == "pods" and event.type != "MODIFIED"
            else None
        )
    )
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    body = create(
        cluster, "statefulsets.apps", "web",
        spec=workload(replicas=2, serviceName="web", volumeClaimTemplates=[claim]),
    )  # fmt: skip
    await until(lambda: the(cluster, "statefulsets.apps").get("status", {}).get("readyReplicas") == 2)
    assert order == ["ADDED web-0", "ADDED web-1"]
    claims = cluster.objects.list("persistentvolumeclaims", "x")
    assert {each["metadata"]["name"]: each["status"]["phase"] for each in claims} == {
        "data-web-0": "Bound", "data-web-1": "Bound",
    }  # fmt: skip
    order.clear()
    change(cluster, "statefulsets.apps", template=newer(body))
    await until(lambda: images(cluster) == {"2"} and the(cluster, "statefulsets.apps")["status"]["readyReplicas"] == 2)
    assert order == ["DELETED web-1", "ADDED web-1", "DELETED web-0", "ADDED web-0"]
    status = the(cluster, "statefulsets.apps")["status"]
    assert status["currentRevision"] == status["updateRevision"]
    change(cluster, "statefulsets.apps", replicas=1)
    await until(lambda: [pod["metadata"]["name"] for pod in pods(cluster)] == ["web-0"])
    assert len(cluster.objects.list("persistentvolumeclaims", "x")) == 2


@played
async def test_a_daemon_set(cluster: Cluster) -> None:
    """On each node that it tolerates, also on one that comes, and nowhere twice; it stays on one that is cordoned."""

    def status() -> Json:
        found: Json = the(cluster, "daemonsets.apps").get("status", {})
        return found

    def where() -> list[str]:
        return sorted(pod["spec"].get("nodeName", "") for pod in pods(cluster))

    body = create(cluster, "daemonsets.apps", "web", spec=workload())
    await until(lambda: status().get("numberReady") == 2)
    size = {"cpu": "8", "memory": "32Gi", "pods": "110"}
    for name, taints in (("cpu-2", []), ("gpu-0", [{"key": "gpu", "effect": "NoSchedule"}])):
        made = {"metadata": {"name": name}, "spec": {"taints": taints}, "status": {"allocatable": size}}
        cluster.objects.create("nodes", made, ADMIN)
    await until(lambda: status().get("numberReady") == 3)
    assert where() == ["cpu-0", "cpu-1", "cpu-2"]
    edit(cluster, "nodes", "cpu-0", lambda now: {**now, "spec": {"unschedulable": True}})
    late = [{"key": "late", "effect": "NoSchedule"}]
    edit(cluster, "nodes", "cpu-1", lambda now: {**now, "spec": {"taints": late}})
    await settled(cluster)
    assert where() == ["cpu-0", "cpu-1", "cpu-2"]
    edit(cluster, "nodes", "cpu-1", lambda now: {**now, "spec": {}})
    change(cluster, "daemonsets.apps", template=newer(body))
    await until(lambda: status().get("observedGeneration") == 2 and status().get("numberReady") == 3)
    await settled(cluster)
    assert (where(), images(cluster)) == (["cpu-0", "cpu-1", "cpu-2"], {"2"})


def job(cluster: Cluster, **spec: Any) -> Json:
    template = {"spec": {**pod_spec(), "restartPolicy": "Never"}}
    return create(cluster, "jobs.batch", "web", spec={"template": template, **spec})


@played
async def test_a_job(cluster: Cluster) -> None:
    """Two at a time until three have succeeded; then it has a time to live."""
    most: list[int] = []
    cluster.store.subscribers.append(lambda _: most.append(sum(map(is_active, pods(cluster)))))
    job(cluster, completions=3, parallelism=2, ttlSecondsAfterFinished=60)
    await until(lambda: condition_of(the(cluster, "jobs.batch"), "Complete"))
    body = the(cluster, "jobs.batch")
    assert said(body, "Complete") == [("True", "CompletionsReached", "Reached expected number of succeeded pods")]
    assert (body["status"]["succeeded"], len(pods(cluster)), max(most)) == (3, 3, 2)
    assert body["status"]["startTime"] <= body["status"]["completionTime"]
    await until(lambda: cluster.objects.find("jobs.batch", "web", "x") is None)
    await until(lambda: not pods(cluster))


@played
async def test_a_job_whose_pods_fail(cluster: Cluster) -> None:
    cluster.parts.set("kubelet", "down")
    job(cluster, backoffLimit=1)
    for number in (1, 2):
        await until(lambda number=number: len(pods(cluster)) == number)  # type: ignore[misc]
        for pod in pods(cluster):
            cluster.objects.set_status("pods", pod, {"phase": "Failed"}, ADMIN)
    await until(lambda: condition_of(the(cluster, "jobs.batch"), "Failed"))
    why = ("True", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    assert said(the(cluster, "jobs.batch"), "Failed") == [why]
    await settled(cluster)
    assert len(pods(cluster)) == 2


@played
async def test_a_job_that_is_suspended(cluster: Cluster) -> None:
    job(cluster, suspend=True)
    await until(lambda: condition_of(the(cluster, "jobs.batch"), "Suspended"))
    assert pods(cluster) == []
    change(cluster, "jobs.batch", suspend=False)
    await until(lambda: condition_of(the(cluster, "jobs.batch"), "Complete"))
