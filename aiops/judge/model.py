"""What a model is, read off its live Deployment: its server, the name it answers to, its key, what it may take."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aiops.gitops.models import ACCELERATOR_LABELS, GPU
from aiops.gitops.parsing import Body, items, part, value
from aiops.judge.command_line import CommandLine
from aiops.judge.probe import budget_s
from aiops.snapshot import Json

Endpoint = Literal["chat", "completions", "embeddings"]
KEY_VARIABLE = "VLLM_API_KEY"
"""The variable in which vLLM looks for the key that its clients must send."""
_PORT = 8000
"""vLLM's own."""
STARTUP_S = 600.0
"""For a server without a startupProbe: what most models need (kserve#5062, llm-d-benchmark#83)."""
_INSTRUCTED = re.compile(
    r"(^|[-_.])(instruct|chat|it|assistant|thinking|reasoning|think|dialog(ue)?|sft|dpo|rlhf|tools?|agent|distill|r1)([-_.]|$)"
    r"|gpt-oss|qwen3|qwq|phi-|zephyr|vicuna|hermes",
)
_BASE = re.compile(r"(^|[-_.])(base|pt|pretrain(ed)?)([-_.]|$)")
_CHATS = ("--chat-template", "--enable-auto-tool-choice", "--tool-call-parser", "--reasoning-parser")


@dataclass(frozen=True)
class SecretKey:
    """One key of a Secret, in the model's namespace."""

    secret: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Model:
    """A Deployment whose pods serve one model."""

    namespace: str
    name: str
    """Of the Deployment."""
    container: str
    """The one that serves."""
    port: int
    served: str
    """The name that its server answers to; empty where the Deployment does not tell."""
    key: SecretKey | None
    """Where the key is that its server demands; None: it demands none, or the Deployment does not tell."""
    endpoint: Endpoint
    """What it can be asked for."""
    tools: bool
    """Its server parses tool calls."""
    startup_s: float
    """How long it may take from its container's start until it serves."""
    gpus: int
    """Per pod."""
    accelerator: str | None
    """The GPU type that its node selector pins."""
    replicas: int
    """Wanted now."""


def model_of(
    deployment: Json,
    *,
    name: str | None = None,
    port: int | None = None,
    secret: str | None = None,
    key: str | None = None,
    startup_s: float | None = None,
    endpoint: Endpoint | None = None,
) -> Model:
    """The model that a Deployment serves; what is given besides wins over what its objects say."""
    spec = part(deployment, "spec", "template", "spec")
    container = _serving(items(spec, "containers"))
    line = CommandLine(container)
    pinned = (value(spec, "nodeSelector", label) for label in ACCELERATOR_LABELS)
    return Model(
        namespace=str(value(deployment, "metadata", "namespace") or ""),
        name=str(value(deployment, "metadata", "name") or ""),
        container=str(container.get("name", "")),
        port=port or _port(container, line),
        served=name or line.option("--served-model-name") or _weights(line),
        key=_key(container, secret, key),
        endpoint=endpoint or _endpoint(container, line),
        tools=line.has("--enable-auto-tool-choice", "--tool-call-parser"),
        startup_s=startup_s or startup_limit_s(container),
        gpus=asks_for_gpu(deployment),
        accelerator=next((str(label) for label in pinned if label), None),
        replicas=int(value(deployment, "spec", "replicas") if "replicas" in part(deployment, "spec") else 1),
    )


def asks_for_gpu(workload_or_pod: Json) -> int:
    """GPUs of one pod, of a workload (spec.template.spec) or of a Pod itself (spec); 0: none.

    As Kubernetes counts: containers and sidecars together, or one init container with the sidecars before it where
    that is more (component-helpers resource.PodRequests).
    """
    spec = part(workload_or_pod, "spec", "template", "spec") or part(workload_or_pod, "spec")
    sidecars = most = 0
    for container in items(spec, "initContainers"):
        if container.get("restartPolicy") == "Always":
            sidecars += gpus_of(container)
        else:
            most = max(most, sidecars + gpus_of(container))
    return max(most, sidecars + sum(map(gpus_of, items(spec, "containers"))))


def gpus_of(container: Body) -> int:
    """GPUs of one container."""
    amounts = [str(value(container, "resources", field, GPU) or 0) for field in ("limits", "requests")]
    # the API takes whole numbers only, but writes some of them as 1k
    return max(int(amount) if amount.isdecimal() else 1 for amount in amounts)


def _serving(containers: Sequence[Body]) -> Body:
    """The container with the GPU; else the first one that listens."""
    asking = [container for container in containers if gpus_of(container)]
    listening = [container for container in containers if items(container, "ports")]
    return next(iter((*asking, *listening, *containers)), {})


def _port(container: Body, line: CommandLine) -> int:
    written = line.option("--port")
    if written.isdecimal():
        return int(written)
    ports = sorted(items(container, "ports"), key=lambda port: port.get("name") != "http")
    return int(ports[0].get("containerPort") or _PORT) if ports else _PORT


def _weights(line: CommandLine) -> str:
    return line.option("--model", "--model-id") or line.served()


def _key(container: Body, secret: str | None, key: str | None) -> SecretKey | None:
    """Either half alone replaces that half of what the Deployment says."""
    references = (
        part(variable, "valueFrom", "secretKeyRef")
        for variable in items(container, "env")
        if variable.get("name") == KEY_VARIABLE
    )
    found = next(references, {})
    secret, key = secret or found.get("name"), key or found.get("key")
    return SecretKey(secret, key) if secret and key else None


def _endpoint(container: Body, line: CommandLine) -> Endpoint:
    if (
        "text-embeddings-inference" in str(container.get("image", ""))
        or line.option("--task") in ("embed", "embedding")
        or line.option("--runner") == "pooling"
        or line.option("--convert") == "embed"
    ):
        return "embeddings"
    return "completions" if not line.has(*_CHATS) and _is_base(_weights(line)) else "chat"


def _is_base(weights: str) -> bool:
    """The weights are of a base model, which has no chat template and mangles what a chat endpoint makes of a prompt.

    Told by the name of a Hugging Face id: it says that it is one (`-Base`, `-pt`), or says nothing of having been
    taught to talk (`-Instruct`, `-it`, `-Chat`; some families never say so). A path or URL tells nothing: chat.
    """
    if not weights or weights.startswith(("/", ".", "~")) or "://" in weights:
        return False
    name = weights.rpartition("/")[2].lower()
    return bool(_BASE.search(name)) or not _INSTRUCTED.search(name)


def startup_limit_s(container: Body) -> float:
    """How long a server may take to start: its startupProbe's budget; STARTUP_S where it has none."""
    probe = part(container, "startupProbe")
    return budget_s(probe) if probe else STARTUP_S
