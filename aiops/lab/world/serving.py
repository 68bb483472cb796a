"""Which servers run in pods, and who stands behind an alias of LiteLLM.

A container with an image of LiteLLM is the gateway; one of text-embeddings-inference, or with vLLM's
--served-model-name or --model, serves a model. Nobody else listens.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Event
from aiops.lab.cluster import Cluster, Connection
from aiops.lab.world.exchange import Server
from aiops.lab.world.litellm import Alias, Litellm
from aiops.lab.world.pods import is_ready
from aiops.lab.world.started import configs, environment, has, option, secret
from aiops.lab.world.vllm import Embeddings, Vllm
from aiops.lab.world.wire import Wires

LITELLM = re.compile(r"(?:^|/)litellm[\w-]*(?:[:@][^/]*)?$")
MASTER_KEYS = ("LITELLM_MASTER_KEY", "PROXY_MASTER_KEY")


def start(cluster: Cluster) -> None:
    """Let servers be found behind pods."""
    serving = Serving(cluster)
    cluster.servers = serving.connect
    cluster.store.subscribers.append(serving.forget)


class Serving:
    """All of them; each begins with the first question to it, and ends with its pod."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._objects = cluster, cluster.objects
        self._wires = Wires(cluster)
        self._servers: dict[str, Server] = {}
        """By uid of the pod."""

    def forget(self, event: Event) -> None:
        """Of a pod that is gone."""
        if event.resource == "pods" and event.type == "DELETED":
            self._servers.pop(event.object["metadata"]["uid"], None)

    async def connect(self, pod: Json, port: int) -> Connection | None:
        """A connection to what listens on a port of a pod."""
        ports = [each["containerPort"] for each in _serving(pod).get("ports") or ()]
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
        container, clock = _serving(pod), self._cluster.clock
        if _is_gateway(container):
            variables = self._variables(pod)
            master_key = next((variables[name] for name in MASTER_KEYS if name in variables), "")
            return Litellm(master_key, lambda: self._aliases(pod), self.backend, clock)
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
        pods = [pod for pod in behind if served(_serving(pod))]
        named = [pod for pod in self._objects.list("pods") if served(_serving(pod)) == alias.model]
        return next(filter(None, map(self.server_in, pods or named)), None)

    def _variables(self, pod: Json) -> dict[str, str]:
        """Of a gateway: its environment, and for a chart that is a stub whatever the Secrets of its namespace hold."""
        namespace, found = pod["metadata"]["namespace"], dict[str, str]()
        for body in self._objects.list("secrets", namespace):
            found |= secret(self._objects, namespace, body["metadata"]["name"])
        return found | environment(self._objects, namespace, _serving(pod))

    def _aliases(self, pod: Json) -> dict[str, Alias]:
        """Those of its config; where none is in its volumes, one for each Deployment that serves a model."""
        variables = self._variables(pod)
        entries = [each for config in configs(self._objects, pod) for each in config.get("model_list") or ()]
        aliases = (_configured(each, variables) for each in entries) if entries else self._derived(variables)
        return {alias.name: alias for alias in aliases}

    def _derived(self, variables: Mapping[str, str]) -> Iterator[Alias]:
        for body in self._objects.list("deployments.apps"):
            meta = body["metadata"]
            if model := served(_serving(body["spec"]["template"])):
                where = f"http://{meta['name']}.{meta['namespace']}.svc.cluster.local/v1"
                key = variables.get("UPSTREAM_API_KEY", "")
                yield Alias(name=meta["name"], model=model, api_base=where, api_key=key)


def _configured(entry: Json, variables: Mapping[str, str]) -> Alias:
    params = entry["litellm_params"]
    model, key = str(params["model"]), str(params.get("api_key") or "")
    return Alias(
        name=entry["model_name"], model=model.partition("/")[2] or model, api_base=str(params.get("api_base") or ""),
        api_key=variables.get(key.removeprefix("os.environ/"), key),
        prices=(float(params.get("input_cost_per_token") or 0), float(params.get("output_cost_per_token") or 0)),
    )  # fmt: skip


def _serving(pod: Json) -> Json:
    """The container that serves; empty where none does."""
    return next((each for each in pod["spec"]["containers"] if _is_gateway(each) or served(each)), {})


def _is_gateway(container: Json) -> bool:
    return LITELLM.search(container.get("image", "")) is not None


def served(container: Json) -> str:
    """The name of the model that a container serves; empty where it serves none."""
    return option(container, "--served-model-name", "--model", "--model-id")
