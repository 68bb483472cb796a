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
"""Of the kubelet, between two tries."""


class PodLife:
    """Of one pod, from when its node takes it up."""

    def __init__(self, cluster: Cluster, pod: Json, address: str, images: set[str]) -> None:
        """`images`: those that are on its node."""
        self._objects, self._clock = cluster.objects, cluster.clock
        self._pace, self._faults = cluster.pace, cluster.faults
        self._pod, self._address, self._images = pod, address, images
        self._init: list[Json] = pod["spec"].get("initContainers") or []
        self._main: list[Json] = pod["spec"]["containers"]

    def steps(self) -> Iterator[float]:
        """Until it is ready, or done; each gives the seconds until the next."""
        self._set(containers.new_status(self._pod, self._address, self._clock.stamp()))
        for container in self._init:
            yield from self._pull(container)
            self._run(container)
            if container.get("restartPolicy") == "Always":
                self._change(container, ready=True)
                continue
            yield self._pace.start_s
            self._change(container, ready=True, state=self._terminated("Completed", 0))
        for container in self._main:
            yield from self._pull(container)
            self._run(container)
        for container in self._main:
            yield from self._run_out_of_memory(container)
        loads = any(GPU in limits(each) for each in self._main)
        yield self._pace.start_s * (GPU_START if loads else 1)
        self._change(*self._main, ready=True)
        owner = controller_of(self._pod)
        if owner is not None and owner["kind"] == "Job":
            yield self._pace.start_s
            self._change(*self._main, ready=False, state=self._terminated("Completed", 0))

    def _pull(self, container: Json) -> Iterator[float]:
        image = container["image"]
        if image in self._images:
            self._record(container, "Pulled", f'Container image "{image}" already present on machine')
            return
        self._record(container, "Pulling", f'Pulling image "{image}"')
        yield from self._fail_to_pull(container)
        time_s = self._pace.image_s * (GPU_IMAGE if asks_for_gpu(self._pod) else 1)
        yield time_s
        self._images.add(image)
        took = f"{time_s:.3g}s ({time_s:.3g}s including waiting)"
        self._record(container, "Pulled", f'Successfully pulled image "{image}" in {took}')

    def _run(self, container: Json, **more: object) -> None:
        self._record(container, "Created", f"Created container: {container['name']}")
        self._record(container, "Started", f"Started container {container['name']}")
        self._change(container, state={"running": {"startedAt": self._clock.stamp()}}, started=True, **more)

    def _fail_to_pull(self, container: Json) -> Iterator[float]:
        """As long as the fault is on: containerd's words for an image that is nowhere."""
        whole, pause_s = _whole(container["image"]), FIRST_PAUSE_S
        cause = f'failed to pull and unpack image "{whole}": failed to resolve reference "{whole}": {whole}: not found'
        error = f"rpc error: code = NotFound desc = {cause}"
        back_off = f'Back-off pulling image "{container["image"]}"'
        while asks_for_gpu(self._pod) and self._faults.on(IMAGE_PULL):
            yield 1.0
            self._wait(container, "ErrImagePull", error)
            said = f'Failed to pull image "{container["image"]}": {error}'
            self._record(container, "Failed", said, "Warning")
            yield 2.0
            self._wait(container, "ImagePullBackOff", f"{back_off}: ErrImagePull: {error}")
            self._record(container, "BackOff", back_off)
            yield pause_s
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _run_out_of_memory(self, container: Json) -> Iterator[float]:
        """As long as the fault is on: it loads its model, and is killed."""
        meta, name = self._pod["metadata"], container["name"]
        who, restarts, pause_s = f"{meta['name']}_{meta['namespace']}({meta['uid']})", 0, FIRST_PAUSE_S
        while GPU in limits(container) and self._faults.on(MODEL_OOM):
            yield self._pace.start_s * GPU_START / 3
            back_off = f"back-off {pause_s}s restarting failed container={name} pod={who}"
            self._wait(container, "CrashLoopBackOff", back_off, lastState=self._terminated("OOMKilled", 137))
            said = f"Back-off restarting failed container {name} in pod {who}"
            self._record(container, "BackOff", said, "Warning")
            yield pause_s
            restarts, pause_s = restarts + 1, min(2 * pause_s, LONGEST_PAUSE_S)
            self._run(container, restartCount=restarts)

    def _wait(self, container: Json, reason: str, message: str, **more: object) -> None:
        waiting = {"waiting": {"reason": reason, "message": message}}
        self._change(container, state=waiting, started=False, **more)

    def _terminated(self, reason: str, code: int) -> Json:
        now = self._clock.stamp()
        return {"terminated": {"exitCode": code, "reason": reason, "startedAt": now, "finishedAt": now}}

    def _change(self, *which: Json, **changes: object) -> None:
        names = [container["name"] for container in which]
        now = self._objects.get("pods", self._pod["metadata"]["name"], self._pod["metadata"]["namespace"])
        self._set(containers.changed(now, names, self._clock.stamp(), **changes))

    def _set(self, status: Json) -> None:
        self._objects.set_status("pods", self._pod, status, KUBELET)

    def _record(self, container: Json, reason: str, message: str, kind: str = "Normal") -> None:
        of = f"spec.{'initContainers' if container in self._init else 'containers'}{{{container['name']}}}"
        record(self._objects, self._pod, reason, message, source=PART, kind=kind, of=of)


def _whole(image: str) -> str:
    """The image with its registry, as containerd names it."""
    first, slash, _ = image.partition("/")
    if slash and ("." in first or ":" in first):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"
