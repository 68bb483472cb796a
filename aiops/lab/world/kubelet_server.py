"""What a kubelet answers: the logs of its pods, and connections to them.

KWOK's objects say otherwise where there are some (kwok.x-k8s.io/v1alpha1: Logs, ClusterLogs, PortForward,
ClusterPortForward): logs from a file of this machine, and ports that lead to one of its own.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from aiops.lab.api.kinds import Json, defined
from aiops.lab.api.objects import Writer
from aiops.lab.api.refusals import bad_request
from aiops.lab.cluster import Cluster, Connection
from aiops.lab.world import containers
from aiops.lab.world.by_hand import is_by_hand
from aiops.lab.world.pods import GPU, limits

GROUP, VERSION = "kwok.x-k8s.io", "v1alpha1"
LOGS, FORWARDS = "logs", "portforwards"
KINDS = ("Logs", "ClusterLogs", "PortForward", "ClusterPortForward")
CRDS = "customresourcedefinitions.apiextensions.k8s.io"
LOADS = (
    "INFO [api_server.py] vLLM API server version 0.23.0",
    "INFO [gpu_model_runner.py] Starting to load model...",
    "Loading safetensors checkpoint shards:  50% Completed | 1/2",
    "INFO:     Application startup complete.",
)
"""What a model's server says; the last line once it is ready."""
KWOK = Writer(user="kwok", manager="kwok")


def start(cluster: Cluster) -> None:
    """Serve, and define KWOK's kinds."""
    cluster.kubelet = KubeletServer(cluster)
    for kind in KINDS:
        plural = kind.lower().rstrip("s") + "s"
        anything = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        body = {
            "metadata": {"name": f"{plural}.{GROUP}"},
            "spec": {
                "group": GROUP, "names": {"kind": kind, "plural": plural},
                "scope": "Cluster" if kind.startswith("Cluster") else "Namespaced",
                "versions": [{"name": VERSION, "served": True, "storage": True, "schema": anything}],
            },
        }  # fmt: skip
        cluster.kinds.add(defined(cluster.objects.create(CRDS, body, KWOK)))


class KubeletServer:
    """Of all nodes."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects, self._cluster = cluster.objects, cluster

    def log(self, namespace: str, pod: str, container: str, *, previous: bool, tail: int | None) -> str:
        """By KWOK's objects, else a few lines of its own."""
        body = self._objects.get("pods", pod, namespace)
        if not body["spec"].get("nodeName"):
            return ""
        name = container or body["spec"]["containers"][0]["name"]
        lines = self._from_file(body, name, previous=previous)
        if lines is None:
            lines = self._simulated(body, name, previous=previous)
        chosen = lines if tail is None else lines[max(0, len(lines) - tail) :]
        return "".join(f"{line}\n" for line in chosen)

    async def connect(self, namespace: str, pod: str, port: int) -> Connection:
        """To where KWOK's objects say, else to the simulated server of the pod."""
        body = self._objects.get("pods", pod, namespace)
        address = next(self._forwarded(body, port), None)
        if address is not None:
            with suppress(ConnectionError):
                return await asyncio.open_connection(*address)
        elif self._cluster.servers is not None and (found := await self._cluster.servers(body, port)) is not None:
            return found
        raise ConnectionRefusedError(
            f"failed to connect to localhost:{port} inside namespace of pod {pod}, "
            f"IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused"
        )

    def _forwarded(self, pod: Json, port: int) -> Iterator[tuple[str, int]]:
        for forward in self._spoken(pod, FORWARDS, "forwards"):
            if port in (forward.get("ports") or (port,)):
                yield forward["target"]["address"], forward["target"]["port"]

    def _from_file(self, pod: Json, container: str, *, previous: bool) -> list[str] | None:
        """The text of lines as a container runtime writes them: time, stream, tag, text."""
        which = "previousLogsFile" if previous else "logsFile"
        for log in self._spoken(pod, LOGS, "logs"):
            if container in (log.get("containers") or (container,)) and (path := log.get(which)):
                return [line.split(" ", 3)[-1] for line in Path(path).read_text().splitlines()]
        return None

    def _spoken(self, pod: Json, plural: str, field: str) -> Iterator[Json]:
        """What KWOK's objects say of a pod: its own one, and those for many."""
        meta = pod["metadata"]
        own = self._objects.find(f"{plural}.{GROUP}", meta["name"], meta["namespace"])
        for body in (*filter(None, [own]), *self._objects.list(f"cluster{plural}.{GROUP}")):
            chosen = body["spec"].get("selector") or {}
            names, namespaces = chosen.get("matchNames"), chosen.get("matchNamespaces")
            if meta["name"] in (names or (meta["name"],)) and meta["namespace"] in (namespaces or (meta["namespace"],)):
                yield from body["spec"][field]

    def _simulated(self, pod: Json, container: str, *, previous: bool) -> list[str]:
        """The refusals are those of a kubelet, and of KWOK's for what is by hand."""
        name, there = pod["metadata"]["name"], containers.statuses(pod["status"])
        found = next((each for each in there if each["name"] == container), None)
        if is_by_hand(pod) or found is None:
            whole = f"{pod['metadata']['namespace']}/{name}"
            raise bad_request(f'no logs found for container "{container}" in pod "{whole}"')
        if not found["lastState"]:
            if previous:
                raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
            if waiting := found["state"].get("waiting"):
                raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: {waiting["reason"]}')
        loads = any(each["name"] == container and GPU in limits(each) for each in pod["spec"]["containers"])
        lines = list(LOADS) if loads else [f"{container} starts", f"{container} is ready"]
        return lines if found["ready"] and not previous else lines[:-1]
