"""Which servers run in pods, and who stands behind an alias of LiteLLM.

A container with an image of LiteLLM is the gateway; one of text-embeddings-inference, or with vLLM's
--served-model-name or --model, serves a model. Nobody else listens.
"""

from urllib.parse import urlsplit

from aiops.lab.api.kinds import Json
from aiops.lab.cluster import Cluster, Connection
from aiops.lab.world.exchange import Server
from aiops.lab.world.litellm import Alias, Litellm
from aiops.lab.world.model_list import aliases_of, variables_of
from aiops.lab.world.pods import is_ready
from aiops.lab.world.started import environment, has, is_gateway, served, server_of
from aiops.lab.world.vllm import Embeddings, Vllm
from aiops.lab.world.wire import Wires

MASTER_KEYS = ("LITELLM_MASTER_KEY", "PROXY_MASTER_KEY")


def start(cluster: Cluster) -> None:
    """Let servers be found behind pods."""
    cluster.servers = Serving(cluster).connect


class Serving:
    """All of them; each begins with the first question to it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._objects = cluster, cluster.objects
        self._wires = Wires(cluster)
        self._servers: dict[str, Server] = {}
        """By uid of the pod."""

    async def connect(self, pod: Json, port: int) -> Connection | None:
        """A connection to what listens on a port of a pod."""
        ports = [each["containerPort"] for each in server_of(pod).get("ports") or ()]
        server = self.server_in(pod) if port in (ports or (port,)) else None
        return await self._wires.connect(server) if server else None

    def server_in(self, pod: Json) -> Server | None:
        """The server of a pod that is Ready."""
        uid = pod["metadata"]["uid"]
        if not is_ready(pod):
            return None
        if uid not in self._servers and (made := self._server(pod)) is not None:
            self._servers[uid] = made
        return self._servers.get(uid)

    def _server(self, pod: Json) -> Server | None:
        container, clock = server_of(pod), self._cluster.clock
        if is_gateway(container):
            variables = variables_of(self._objects, pod)
            master_key = next((variables[name] for name in MASTER_KEYS if name in variables), "")
            return Litellm(master_key, lambda: aliases_of(self._objects, pod), self.backend, clock)
        model = served(container)
        if not model:
            return None
        if "text-embeddings-inference" in container["image"]:
            return Embeddings(model, clock=clock)
        key = environment(self._objects, pod["metadata"]["namespace"], container).get("VLLM_API_KEY", "")
        return Vllm(model, key, tools=has(container, "--tool-call-parser"), clock=clock, faults=self._cluster.faults)

    def backend(self, alias: Alias) -> Server | None:
        """Behind its api_base; where a gateway stands in between, whoever serves the model under its name."""
        host = urlsplit(alias.api_base).hostname or ""
        name, namespace, *_ = (*host.split("."), "", "")
        selector = (self._objects.find("services", name, namespace) or {"spec": {}})["spec"].get("selector")
        behind = self._objects.list("pods", namespace, selector) if selector else []
        pods = [pod for pod in behind if served(server_of(pod))]
        named = [pod for pod in self._objects.list("pods") if served(server_of(pod)) == alias.model]
        return next(filter(None, map(self.server_in, pods or named)), None)
