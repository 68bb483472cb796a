"""What happens to pods on their nodes."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aiops.lab.api.kinds import Json
from aiops.lab.api.refusals import Refusal
from aiops.lab.cluster import Cluster, Connection
from aiops.lab.world import kubelet, kubelet_server, orphans
from aiops.lab.world.pods import condition_of, is_ready
from tests.lab.world import ADMIN, AT_ONCE, create, edit, played, pod_spec, settled, until, world

OFF = {"annotations": {"aiops.dev/simulate": "off"}}
INIT: Json = {"initContainers": [{"name": "first", "image": "example.test/first:1"}]}


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Cluster:
    cluster = world(kubelet, kubelet_server, orphans, pace=getattr(request, "param", AT_ONCE))
    cluster.objects.create("nodes", {"metadata": {"name": "n"}, "spec": {}}, ADMIN)
    return cluster


def at(**pace: float) -> pytest.MarkDecorator:
    """Not all at once."""
    return pytest.mark.parametrize("cluster", [replace(AT_ONCE, **pace)], indirect=True, ids=[""])


def pod(cluster: Cluster, name: str = "p", *, gpus: int = 0, meta: Json | None = None, **spec: Any) -> Json:
    """One that has its node."""
    return create(cluster, "pods", name, metadata=meta or {}, spec=pod_spec(gpus=gpus, nodeName="n", **spec))


def the(cluster: Cluster, name: str = "p") -> Json:
    return cluster.objects.get("pods", name, "x")


def ready(cluster: Cluster, name: str = "p") -> Callable[[], bool]:
    return lambda: is_ready(the(cluster, name))


def gone(cluster: Cluster, name: str = "p") -> Callable[[], bool]:
    return lambda: cluster.objects.find("pods", name, "x") is None


def events(cluster: Cluster) -> list[tuple[str, str, str]]:
    found = sorted(cluster.objects.list("events", "x"), key=lambda each: each["metadata"]["name"])
    return [(each["reason"], each["message"], each["involvedObject"].get("fieldPath", "")) for each in found]


def states(cluster: Cluster) -> list[str]:
    """Reasons for which its one container waited or ended, and `running`, each once, as they came."""
    found: list[str] = []

    def hear(event: Any) -> None:
        for each in event.object.get("status", {}).get("containerStatuses") or () if event.resource == "pods" else ():
            ((state, more),) = each["state"].items()
            word = more.get("reason", state)
            if found[-1:] != [word]:
                found.append(word)

    cluster.store.subscribers.append(hear)
    return found


@played
async def test_a_pod_becomes_ready(cluster: Cluster) -> None:
    seen = states(cluster)
    pod(cluster, **INIT)
    await until(ready(cluster))
    await settled(cluster)
    status = the(cluster)["status"]
    assert seen == ["PodInitializing", "running"]
    assert (status["phase"], status["hostIP"], status["podIP"]) == ("Running", "127.0.0.1", "10.244.0.1")
    (first,), (main,) = status["initContainerStatuses"], status["containerStatuses"]
    assert first["state"]["terminated"]["reason"] == "Completed"
    assert (main["ready"], main["restartCount"], [*main["state"]]) == (True, 0, ["running"])
    kinds = ("Initialized", "Ready", "ContainersReady")
    assert [condition_of(the(cluster), kind)["status"] for kind in kinds] == ["True"] * 3
    first_at, main_at = "spec.initContainers{first}", "spec.containers{main}"
    assert [(reason, of) for reason, _, of in events(cluster)] == [
        (reason, of) for of in (first_at, main_at) for reason in ("Pulling", "Pulled", "Created", "Started")
    ]


@at(image_s=1e6)
@played
async def test_what_it_says_meanwhile(cluster: Cluster) -> None:
    pod(cluster, **INIT)
    await until(lambda: "startTime" in the(cluster)["status"])
    said = {kind: condition_of(the(cluster), kind) for kind in ("Initialized", "Ready")}
    assert [(each["status"], each["reason"], each["message"]) for each in said.values()] == [
        ("False", "ContainersNotInitialized", "containers with incomplete status: [first]"),
        ("False", "ContainersNotReady", "containers with unready status: [main]"),
    ]
    assert the(cluster)["status"]["phase"] == "Pending"


@at(image_s=2.0, start_s=1.0)
@pytest.mark.parametrize(("gpus", "seconds"), [(0, 3), (1, 50)])
@played
async def test_how_long_it_takes(cluster: Cluster, gpus: int, seconds: int) -> None:
    """A GPU's image is ten times as big, and its model takes thirty times as long to load."""
    pod(cluster, gpus=gpus)
    began = cluster.clock.elapsed()
    await until(ready(cluster))
    assert cluster.clock.elapsed() - began >= seconds


@played
async def test_an_image_is_pulled_once_on_a_node(cluster: Cluster) -> None:
    for name in ("p", "q"):
        pod(cluster, name)
        await until(ready(cluster, name))
        await settled(cluster)
    there = 'Container image "example.test/main:1" already present on machine'
    assert [message for reason, message, _ in events(cluster) if reason in ("Pulling", "Pulled")][-1] == there
    assert [reason for reason, *_ in events(cluster)].count("Pulling") == 1


@played
async def test_a_sidecar_stays(cluster: Cluster) -> None:
    sidecar = {**INIT["initContainers"][0], "restartPolicy": "Always"}
    pod(cluster, initContainers=[sidecar])
    await until(ready(cluster))
    await settled(cluster)
    (first,) = the(cluster)["status"]["initContainerStatuses"]
    assert (first["ready"], [*first["state"]]) == (True, ["running"])


@played
async def test_a_pod_of_a_job_is_done(cluster: Cluster) -> None:
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "u", "controller": True}
    pod(cluster, meta={"ownerReferences": [owner]}, restartPolicy="Never")
    await until(lambda: the(cluster)["status"]["phase"] == "Succeeded")
    await settled(cluster)
    assert condition_of(the(cluster), "Ready")["reason"] == "PodCompleted"


@played
async def test_what_is_written_by_hand_stays(cluster: Cluster) -> None:
    """Also where the annotation comes later; without it the pod goes on."""
    pod(cluster, "p", meta=OFF)
    await settled(cluster)
    assert the(cluster)["status"].keys() == {"phase", "qosClass"}
    pod(cluster, "q")
    await until(ready(cluster, "q"))
    await settled(cluster)
    edit(cluster, "pods", "q", lambda now: {**now, "metadata": {**now["metadata"], **OFF}})
    cluster.objects.set_status("pods", the(cluster, "q"), {"phase": "Pending"}, ADMIN)
    await settled(cluster)
    assert the(cluster, "q")["status"] == {"phase": "Pending"}
    edit(cluster, "pods", "q", lambda now: {**now, "metadata": {**now["metadata"], "annotations": {}}})
    await until(ready(cluster, "q"))
    await settled(cluster)


@pytest.mark.parametrize("meta", [{}, OFF], ids=["simulated", "by hand"])
@played
async def test_a_pod_ends(cluster: Cluster, meta: Json) -> None:
    pod(cluster, meta=meta)
    await settled(cluster)
    if meta:
        running = {"containerStatuses": [{"name": "main", "state": {"running": {}}}]}
        cluster.objects.set_status("pods", the(cluster), {"phase": "Running", **running}, ADMIN)
    cluster.objects.delete("pods", "p", "x", ADMIN)
    assert the(cluster)["metadata"]["deletionGracePeriodSeconds"] == 30
    await until(gone(cluster))
    await settled(cluster)
    assert (("Killing", "Stopping container main", "spec.containers{main}") in events(cluster)) == (meta == {})


@played
async def test_finalizers_hold_a_pod_that_has_ended(cluster: Cluster) -> None:
    pod(cluster, meta={"finalizers": ["tests/hold"]})
    cluster.objects.delete("pods", "p", "x", ADMIN)
    await settled(cluster)
    assert the(cluster)["metadata"]["finalizers"] == ["tests/hold"]
    edit(cluster, "pods", "p", lambda now: {**now, "metadata": {**now["metadata"], "finalizers": []}})
    await until(gone(cluster))
    await settled(cluster)


@played
async def test_without_its_node_nobody_ends_a_pod(cluster: Cluster) -> None:
    """Until it is forgotten, or the node is there again."""
    for name in ("p", "q"):
        pod(cluster, name)
        await until(ready(cluster, name))
    cluster.objects.delete("nodes", "n", "", ADMIN)
    cluster.objects.delete("pods", "p", "x", ADMIN)
    await settled(cluster)
    assert "deletionTimestamp" in the(cluster)["metadata"]
    cluster.objects.create("nodes", {"metadata": {"name": "n"}, "spec": {}}, ADMIN)
    await until(gone(cluster))
    cluster.objects.delete("nodes", "n", "", ADMIN)
    await until(gone(cluster, "q"))


@at(image_s=0.1)
@played
async def test_an_image_that_is_nowhere(cluster: Cluster) -> None:
    """Only of a pod that asks for a GPU; once it is there again, the pod goes on."""
    seen = states(cluster)
    cluster.faults.switch("image-pull", on=True)
    pod(cluster, gpus=1)
    await until(lambda: seen.count("ImagePullBackOff") > 1)
    assert seen == ["ContainerCreating", "ErrImagePull", "ImagePullBackOff", "ErrImagePull", "ImagePullBackOff"]
    waiting = the(cluster)["status"]["containerStatuses"][0]["state"]["waiting"]
    assert waiting["message"] == (
        'Back-off pulling image "example.test/main:1": ErrImagePull: rpc error: code = NotFound desc = failed to pull '
        'and unpack image "example.test/main:1": failed to resolve reference "example.test/main:1": '
        "example.test/main:1: not found"
    )
    pod(cluster, "q")
    await until(ready(cluster, "q"))
    cluster.faults.switch("image-pull", on=False)
    await until(ready(cluster))


@at(start_s=0.1)
@played
async def test_a_model_that_is_too_big(cluster: Cluster) -> None:
    """Again and again, and what it said before tells nothing of why: who is killed says no last word."""
    seen = states(cluster)
    cluster.faults.switch("model-oom", on=True)
    pod(cluster, gpus=1)
    await until(lambda: seen.count("CrashLoopBackOff") > 1)
    assert seen == ["ContainerCreating", "running", "CrashLoopBackOff", "running", "CrashLoopBackOff"]
    (main,) = the(cluster)["status"]["containerStatuses"]
    ended = main["lastState"]["terminated"]
    assert (ended["reason"], ended["exitCode"], main["restartCount"]) == ("OOMKilled", 137, 1)
    assert log(cluster, previous=True).splitlines()[-1].startswith("Loading safetensors")
    cluster.faults.switch("model-oom", on=False)
    await until(ready(cluster))


def log(cluster: Cluster, container: str = "", *, previous: bool = False, tail: int | None = None) -> str:
    assert cluster.kubelet is not None
    return cluster.kubelet.log("x", "p", container, previous=previous, tail=tail)


@played
async def test_logs(cluster: Cluster) -> None:
    create(cluster, "pods", "p", spec=pod_spec())
    assert log(cluster) == "", "it has no node yet"
    cluster.objects.delete("pods", "p", "x", ADMIN)
    pod(cluster, **INIT)
    await until(ready(cluster))
    assert log(cluster) == log(cluster, "main") != ""
    assert log(cluster, "first") not in ("", log(cluster))
    with pytest.raises(Refusal, match='previous terminated container "main" in pod "p" not found'):
        log(cluster, previous=True)


@at(image_s=1e6)
@played
async def test_no_log_yet(cluster: Cluster) -> None:
    pod(cluster)
    await settled(cluster)
    with pytest.raises(Refusal, match='container "main" in pod "p" is waiting to start: ContainerCreating'):
        log(cluster)


def test_logs_of_what_is_by_hand(cluster: Cluster, tmp_path: Path) -> None:
    """KWOK's objects say which files they are: those of the pod itself before those of all."""
    pod(cluster, meta=OFF)
    with pytest.raises(Refusal, match='no logs found for container "main" in pod "x/p"'):
        log(cluster)
    for name in ("own", "before", "all"):
        lines = (f"2026-01-01T00:00:00.000000000Z stderr F {name} {number}\n" for number in (1, 2))
        (tmp_path / name).write_text("".join(lines))
    everything = {"logs": [{"logsFile": str(tmp_path / "all")}]}
    cluster.objects.create("clusterlogs.kwok.x-k8s.io", {"metadata": {"name": "a"}, "spec": everything}, ADMIN)
    assert log(cluster) == "all 1\nall 2\n"
    own = {"logsFile": str(tmp_path / "own"), "previousLogsFile": str(tmp_path / "before"), "containers": ["main"]}
    create(cluster, "logs.kwok.x-k8s.io", "p", spec={"logs": [own]})
    assert log(cluster, tail=1) == "own 2\n"
    assert log(cluster, previous=True) == "before 1\nbefore 2\n"
    assert log(cluster, "other") == "all 1\nall 2\n"


@played
async def test_connections(cluster: Cluster) -> None:
    """To where KWOK's objects lead, else to what serves in the lab, else to nobody."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"here")
        writer.close()

    async def connected(port: int) -> Connection:
        assert cluster.kubelet is not None
        return await cluster.kubelet.connect("x", "p", port)

    pod(cluster)
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    with pytest.raises(ConnectionRefusedError, match="8000: connect: connection refused"):
        await connected(8000)
    target = {"ports": [8000], "target": {"address": host, "port": port}}
    spec = {"selector": {"matchNamespaces": ["x"]}, "forwards": [target]}
    cluster.objects.create("clusterportforwards.kwok.x-k8s.io", {"metadata": {"name": "x"}, "spec": spec}, ADMIN)
    reader, writer = await connected(8000)
    assert await reader.read() == b"here"
    writer.close()

    async def servers(body: Json, port: int) -> Connection | None:
        return (reader, writer) if (body["metadata"]["name"], port) == ("p", 8001) else None

    cluster.servers = servers
    assert await connected(8001) == (reader, writer)
    server.close()
    await server.wait_closed()
    for nobody in (8000, 8002):
        with pytest.raises(ConnectionRefusedError, match="connection refused"):
            await connected(nobody)


def test_its_kinds_are_served(cluster: Cluster) -> None:
    names = {
        body["metadata"]["name"] for body in cluster.objects.list("customresourcedefinitions.apiextensions.k8s.io")
    }
    kinds = ("logs", "clusterlogs", "portforwards", "clusterportforwards")
    assert names == {f"{kind}.kwok.x-k8s.io" for kind in kinds}
    kept = create(cluster, "logs.kwok.x-k8s.io", "p", spec={"logs": [{"logsFile": "/x"}]})
    assert json.dumps(kept["spec"]) == '{"logs": [{"logsFile": "/x"}]}'
