"""A model of the sample tree, with a server of the tests behind its pods."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.scenarios.cluster import get
from tests.scenarios.conftest import Operator
from tests.serving.exchange import Seen, Step
from tests.serving.litellm import Alias, Litellm
from tests.serving.server import Server
from tests.serving.vllm import Vllm


@dataclass
class Model(Vllm):
    """Its faults are of what it is asked to generate; its list of models is well, unless it is still loading."""

    loading: bool = False

    def answer(self, seen: Seen) -> Step:
        if seen.method == "GET":
            return Vllm(self.model, self.key, "503" if self.loading else "").answer(seen)
        return super().answer(seen)


MODEL, SERVED, NAMESPACE = "vllm-qwen", "qwen2.5-0.5b-instruct", "serving"
RAISED = "aiops.dev/raised-by"


def secret(operator: Operator, namespace: str, name: str, key: str) -> str:
    """One value of a Secret."""
    return base64.b64decode(get(operator.cluster, "secret", name, namespace)["data"][key]).decode()


@contextmanager
def model_server(operator: Operator, key: str | None = None) -> Iterator[Server]:
    """A server like vLLM behind every pod of namespace serving; `key` None: the one of its Secret."""
    real = secret(operator, NAMESPACE, "vllm-api-key", "api-key") if key is None else key
    with Server(Model(SERVED, real)) as server:
        operator.cluster.forward(NAMESPACE, 8000, server.port)
        yield server


@contextmanager
def gateway_server(operator: Operator) -> Iterator[tuple[Server, Litellm]]:
    """A server like LiteLLM behind every pod of namespace litellm, with the aliases of the sample tree."""
    base = "svc.cluster.local"
    aliases = {
        "qwen-local": Alias(SERVED, f"http://{MODEL}.serving.{base}:8000/v1"),
        "coder-fim": Alias("qwen2.5-coder-1.5b", f"http://coder-fim.serving.{base}:8000/v1"),
        "embeddings": Alias("bge-base-en-v1.5", f"http://embeddings.serving.{base}/v1"),
        "outside": Alias("claude-haiku-4-5", f"http://inference-gateway.inference.{base}/v1"),
    }
    app = Litellm(secret(operator, "litellm", "litellm-secrets", "PROXY_MASTER_KEY"), aliases)
    with Server(app) as server:
        operator.cluster.forward("litellm", 4000, server.port)
        yield server, app


def deployment(operator: Operator, name: str = MODEL) -> dict[str, Any]:
    return get(operator.cluster, "deployment", name, NAMESPACE)


def replicas(operator: Operator, name: str = MODEL) -> int:
    return int(deployment(operator, name)["spec"]["replicas"])


def scale(operator: Operator, number: int, name: str = MODEL) -> None:
    operator.cluster.kubectl("-n", NAMESPACE, "scale", "deployment", name, f"--replicas={number}")


def gpu_nodes(operator: Operator) -> list[str]:
    """The names of the GPU nodes that are there."""
    nodes = json.loads(operator.cluster.kubectl("get", "nodes", "-o", "json"))["items"]
    return [node["metadata"]["name"] for node in nodes if "nvidia.com/gpu" in node["status"].get("capacity", {})]


def chats(server: Server) -> list[Any]:
    """The chats that were asked with a key."""
    return [seen for seen in server.seen if seen.path == "/v1/chat/completions" and seen.key]
