"""The config as data: a field is a key of the file, and its type is the rule for the value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from aiops.config import duration

_DERIVED = {"derived": True}
"""Of a field that is worked out, not written."""


def _name(text: str) -> str:
    """The text, where it can be a part of a path and of a Kubernetes name."""
    if not re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", text):
        raise ValueError(f"`{text}` is not a name: letters, digits, `-`, `_` and `.`")
    return text


def _gate(text: str) -> str:
    """The text, where it is one of the three forms of a gate."""
    if text != "always" and not re.fullmatch(r"features\.[-\w]+|gpu_stack=[-\w]+", text):
        raise ValueError(f"`{text}` is not a gate: `always`, `features.<flag>` or `gpu_stack=<value>`")
    return text


def _port(text: str) -> int:
    """The number of a TCP port."""
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65536):
        raise ValueError(f"`{text}` is not a port: a number from 1 to 65535")
    return int(text)


def _day(text: str) -> date:
    """A day of the calendar."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"`{text}` is not a day; write it as 2027-01-31") from None


Name = Annotated[str, _name]
Day = Annotated[date, _day]
Port = Annotated[int, _port]
Seconds = Annotated[float, duration.seconds]


@dataclass(frozen=True)
class Cluster:
    """Which cluster."""

    name: Name = ""
    """Name of the cluster; the environment's folder name where it is not written."""
    project_id: str = field(default="", metadata={"key": "projectID"})
    """Cloud project that holds the cluster and its secrets."""
    location: str = ""
    """Zone or region."""


@dataclass(frozen=True)
class Dns:
    """What the operator wants of DNS. No manifest of the platform reads it."""

    automate: bool = False
    """Whether records are to be made from routes."""
    provider: Literal["none", "google", "cloudflare"] = "none"
    """Who serves the zone."""
    proxied: bool = False
    """Whether the provider stands in front of the gateway."""


@dataclass(frozen=True)
class ArgoCD:
    """Where Argo CD is."""

    namespace: Name = "argocd"
    """Namespace of its Applications."""
    server: str | None = None
    """host:port of its API, without scheme; None: Applications are synced through Kubernetes."""


@dataclass(frozen=True)
class Timeouts:
    """Limits in seconds, written as `15m`, `90s`, `1h30m`."""

    request: Seconds = 10.0
    """One request to an API, retries included."""
    root: Seconds = 120.0
    """ApplicationSets to have made their Applications."""
    wait: Seconds = 900.0
    """A profile to settle."""
    sync: Seconds = 600.0
    """One Application to sync."""
    git: Seconds = 20.0
    """One git program."""
    node: Seconds = 900.0
    """A GPU node to join: cluster-autoscaler's own --max-node-provision-time."""
    image: Seconds = 900.0
    """A model's image to be pulled."""
    drain: Seconds = 900.0
    """A GPU node to leave after its last pod; cluster-autoscaler waits for 10 minutes by default."""
    look: Seconds = 20.0
    """One look of `doctor` or `status`: what has not answered by then is unknown."""
    answer: Seconds = 60.0
    """A model to answer one request."""
    login: Seconds = 60.0
    """The kubeconfig's login program, which may send somebody through a browser."""


@dataclass(frozen=True)
class ModelSettings:
    """What the objects of a model do not say, or say wrongly."""

    name: str | None = None
    """The model name that its server answers to; else --served-model-name."""
    port: Port | None = None
    """The port that it listens on; else the container's."""
    secret: str | None = None
    """Secret of its namespace that holds its key; else that of VLLM_API_KEY."""
    key: str | None = None
    """Key of that Secret."""
    startup: Seconds | None = None
    """How long it may take from its container's start until it serves; else its startupProbe's budget."""
    endpoint: Literal["chat", "completions", "embeddings"] | None = None
    """What it is asked for in a smoke; else worked out from its command line."""


@dataclass(frozen=True)
class GatewaySettings:
    """Where LiteLLM is, where that cannot be worked out from its objects."""

    namespace: Name | None = None
    """Namespace of its Deployment."""
    deployment: Name | None = None
    """Its Deployment; else the one of the profile whose image is LiteLLM's."""
    port: Port | None = None
    """The port that it listens on; else the container's, or its Service's."""
    secret: str | None = None
    """Secret of its namespace that holds the master key; else that of its environment."""
    key: str | None = None
    """Key of that Secret."""


@dataclass(frozen=True)
class GroupRule:
    """One row of the table of groups."""

    name: Name
    """Name of the group and of its folder in the catalog."""
    layer: Name
    """The layer that holds it."""
    gate: Annotated[str, _gate]
    """What turns it on: `always`, `features.<flag>` or `gpu_stack=<value>`."""
    default: bool = False
    """Whether it is on where the flag is not written."""

    @property
    def flag(self) -> str | None:
        """The key under `features`, or None where no flag decides."""
        return self.gate.removeprefix("features.") if self.gate.startswith("features.") else None


@dataclass(frozen=True)
class Suppression:
    """Findings that are known, and are not to count for a while."""

    check: str
    """Slug of the check, or a pattern of slugs."""
    reason: str
    """Why it may stay so."""
    until: Day
    """The last day; after it they count again."""
    about: str = ""
    """The object or the file that they are about, as `Deployment serving/llama`, or a pattern; empty: any."""


@dataclass(frozen=True)
class Aiops:
    """What only this program reads."""

    context: str | None = None
    """The kube context that is meant."""
    tree: str | None = None
    """Folder of the platform's files, relative to the config file."""
    model: str | None = None
    """The GPU model that commands mean when none is named."""
    argocd: ArgoCD = ArgoCD()
    """Where Argo CD is."""
    models: Mapping[str, ModelSettings] = field(default_factory=dict)
    """By Deployment, what its objects do not say."""
    gateway: GatewaySettings = GatewaySettings()
    """Where LiteLLM is."""
    prices: Mapping[str, float] = field(default_factory=dict)
    """Per GPU type, the price of one node for one hour."""
    timeouts: Timeouts = Timeouts()
    """Limits of time."""
    profiles: Mapping[str, tuple[Name, ...]] = field(default_factory=dict)
    """Profiles that extend or replace those of the table: layers in apply order."""
    groups: tuple[GroupRule, ...] = ()
    """Groups that extend the table, or replace a row by name."""
    suppressions: tuple[Suppression, ...] = ()
    """Findings of `doctor` and `lint` that are not to count for a while."""


@dataclass(frozen=True)
class Config:
    """One environment's config.yaml."""

    path: Path = field(metadata=_DERIVED)
    """The file."""
    environment: str = field(metadata=_DERIVED)
    """Name of the folder under clusters/."""
    tree: Path = field(metadata=_DERIVED)
    """Absolute root of the platform's files: what Argo CD sees as the root of the repository."""
    repo_url: str = field(metadata={"key": "repoURL"})
    """The repository that Argo CD reads."""
    cluster: Cluster = Cluster()
    """Which cluster."""
    repo_branch: str = field(default="main", metadata={"key": "repoBranch"})
    """The branch that Argo CD reads."""
    domain: str = ""
    """Public domain; empty: none."""
    profile: Literal["cost", "dev", "prod"] = "cost"
    """How much redundancy is paid for. Not the profile of a bring-up."""
    secret_backend: str = "gcpsm"  # noqa: S105  the name of a backend
    """Provider behind the ClusterSecretStore."""
    secret_store_auth: Literal["workload-identity", "sa-key"] = "workload-identity"  # noqa: S105
    """How the gcpsm backend is logged into."""
    gpu_stack: Literal["gke-managed", "operator", "none"] = "gke-managed"
    """Who installs the GPU driver and its metrics."""
    dns: Dns = Dns()
    """What is wanted of DNS."""
    features: Mapping[str, bool] = field(default_factory=dict)
    """The flags that are written; the table of groups holds the defaults."""
    aiops: Aiops = Aiops()
    """What only this program reads."""
