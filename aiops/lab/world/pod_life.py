"""What happens to a pod on its node, step by step: images are pulled, containers start, and become ready."""

from collections.abc import Iterator

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.cluster import Cluster
from aiops.lab.faults import IMAGE_PULL, MODEL_OOM
from aiops.lab.world import containers
from aiops.lab.world.events import record
from aiops.lab.world.ownership import controller_of
from aiops.lab.world.pods import GPU, asks_for_gpu, limits

PART = "kubelet"
KUBELET = Writer(user="system:node", manager=PART, groups=("system:nodes",))
GPU_IMAGE, GPU_START = 10, 30
"""How many times as long an image takes that brings CUDA, and a server that loads a model."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 10, 300
"""Between two tries of the kubelet."""


class PodLife:
    """Of all pods."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects, self._clock = cluster.objects, cluster.clock
        self._pace, self._faults = cluster.pace, cluster.faults
        self._pulled: set[tuple[str, str]] = set()
        """Node and image."""
        self._pods = 0

    def of(self, pod: Json) -> Iterator[float]:
        """From when its node takes it up until it is ready, or done; each step gives the seconds until the next."""
        self._pods += 1
        address = f"10.244.{self._pods >> 8 & 255}.{self._pods & 255}"
        self._set_status(pod, containers.new_status(pod, address, self._clock.stamp()))
        for container in pod["spec"].get("initContainers") or ():
            yield from self._pull(pod, container, "initContainers")
            self._run(pod, container, "initContainers")
            if container.get("restartPolicy") == "Always":
                self._change(pod, container, ready=True)
                continue
            yield self._pace.start_s
            self._change(pod, container, ready=True, state=self._terminated("Completed", 0))
        for container in pod["spec"]["containers"]:
            yield from self._pull(pod, container, "containers")
            self._run(pod, container, "containers")
        yield from self._get_ready(pod)
        owner = controller_of(pod)
        if owner is not None and owner["kind"] == "Job":
            yield self._pace.start_s
            self._change(pod, *pod["spec"]["containers"], ready=False, state=self._terminated("Completed", 0))

    def _get_ready(self, pod: Json) -> Iterator[float]:
        factor = 1
        for container in pod["spec"]["containers"]:
            if GPU in limits(container):
                factor = GPU_START
                yield from self._run_out_of_memory(pod, container)
        yield self._pace.start_s * factor
        self._change(pod, *pod["spec"]["containers"], ready=True)

    def _pull(self, pod: Json, container: Json, field: str) -> Iterator[float]:
        image, of = container["image"], f"spec.{field}{{{container['name']}}}"
        there = (pod["spec"]["nodeName"], image)
        if there in self._pulled:
            self._record(pod, "Pulled", f'Container image "{image}" already present on machine', of)
            return
        self._record(pod, "Pulling", f'Pulling image "{image}"', of)
        gpu = asks_for_gpu(pod)
        if gpu:
            yield from self._fail_to_pull(pod, container, of)
        time_s = self._pace.image_s * (GPU_IMAGE if gpu else 1)
        yield time_s
        self._pulled.add(there)
        took = f"{time_s:.3g}s ({time_s:.3g}s including waiting)"
        self._record(pod, "Pulled", f'Successfully pulled image "{image}" in {took}', of)

    def _fail_to_pull(self, pod: Json, container: Json, of: str) -> Iterator[float]:
        """As long as the fault is on: containerd's words, and the kubelet's pauses."""
        image, pause_s = container["image"], FIRST_PAUSE_S
        whole = (
            image if "." in image.partition("/")[0] else f"docker.io/{image if '/' in image else f'library/{image}'}"
        )
        cause = f'failed to pull and unpack image "{whole}": failed to resolve reference "{whole}": {whole}: not found'
        while self._faults.on(IMAGE_PULL):
            yield 1.0
            error = f"rpc error: code = NotFound desc = {cause}"
            self._wait(pod, container, "ErrImagePull", error)
            self._record(pod, "Failed", f'Failed to pull image "{image}": {error}', of, "Warning")
            yield 2.0
            back_off = f'Back-off pulling image "{image}"'
            self._wait(pod, container, "ImagePullBackOff", f"{back_off}: ErrImagePull: {error}")
            self._record(pod, "BackOff", back_off, of)
            yield pause_s
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _run_out_of_memory(self, pod: Json, container: Json) -> Iterator[float]:
        """As long as the fault is on: it reads its weights, and is killed."""
        name, restarts, pause_s = container["name"], 0, FIRST_PAUSE_S
        meta, of = pod["metadata"], f"spec.containers{{{name}}}"
        while self._faults.on(MODEL_OOM):
            yield self._pace.start_s * GPU_START / 3
            restarts += 1
            who = f"restarting failed container={name} pod={meta['name']}_{meta['namespace']}({meta['uid']})"
            ended = self._terminated("OOMKilled", 137)
            self._wait(pod, container, "CrashLoopBackOff", f"back-off {pause_s}s {who}", lastState=ended)
            said = (
                f"Back-off restarting failed container {name} in pod {meta['name']}_{meta['namespace']}({meta['uid']})"
            )
            self._record(pod, "BackOff", said, of, "Warning")
            yield pause_s
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            self._run(pod, container, "containers", restartCount=restarts)

    def _run(self, pod: Json, container: Json, field: str, **more: object) -> None:
        name, of = container["name"], f"spec.{field}{{{container['name']}}}"
        self._record(pod, "Created", f"Created container: {name}", of)
        self._record(pod, "Started", f"Started container {name}", of)
        running = {"running": {"startedAt": self._clock.stamp()}}
        self._change(pod, container, state=running, started=True, **more)

    def _wait(self, pod: Json, container: Json, reason: str, message: str, **more: object) -> None:
        waiting = {"waiting": {"reason": reason, "message": message}}
        self._change(pod, container, state=waiting, started=False, **more)

    def _terminated(self, reason: str, code: int) -> Json:
        now = self._clock.stamp()
        return {"terminated": {"exitCode": code, "reason": reason, "startedAt": now, "finishedAt": now}}

    def _change(self, pod: Json, *which: Json, **changes: object) -> None:
        now = self._objects.get("pods", pod["metadata"]["name"], pod["metadata"]["namespace"])
        names = [container["name"] for container in which]
        self._set_status(now, containers.changed(now, names, self._clock.stamp(), **changes))

    def _set_status(self, pod: Json, status: Json) -> None:
        self._objects.set_status("pods", pod, status, KUBELET)

    def _record(self, pod: Json, reason: str, message: str, of: str, kind: str = "Normal") -> None:
        record(self._objects, pod, reason, message, source=PART, kind=kind, of=of)
