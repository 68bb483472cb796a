"""What every part of the lab works with."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from aiops.lab.api.kinds import Json, Kinds
from aiops.lab.api.objects import Objects
from aiops.lab.api.store import Store
from aiops.lab.clock import Clock
from aiops.lab.controllers import Controller, Keys, Parts, Reconcile
from aiops.lab.faults import Faults

if TYPE_CHECKING:
    from aiohttp import web

Interrupt = Callable[["web.Request"], Awaitable["web.StreamResponse | None"]]
"""Answers in the API server's place, or ends the connection; None: it goes on as if nothing were."""
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Servers = Callable[[Json, int], Awaitable[Connection | None]]
"""A connection to what listens on a port of a pod (its body); None where nobody does."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long things take in the world that is simulated, in seconds of its clock."""

    node_joins_s: float = 75.0
    """From the order to the kubelet's first word."""
    node_ready_s: float = 15.0
    """From there to Ready."""
    gpu_ready_s: float = 20.0
    """From there until the driver offers the GPU."""
    node_idle_s: float = 120.0
    """How long the autoscaler lets an unused GPU node be (its --scale-down-unneeded-time, by default 10 minutes)."""
    node_leaves_s: float = 60.0
    """From there until the node is gone."""
    image_s: float = 8.0
    """To pull an image; of a pod that asks for a GPU ten times as long."""
    start_s: float = 3.0
    """For a container to become ready; of one that asks for a GPU thirty times as long."""
    stop_s: float = 3.0
    """For a pod to end."""
    git_s: float = 180.0
    """How often Argo CD asks git by itself."""


class Kubelet(Protocol):
    """Every node's."""

    def log(self, namespace: str, pod: str, container: str, *, previous: bool, tail: int | None) -> str:
        """A container's log, or that of the one before it; Refusal where there is none."""

    async def connect(self, namespace: str, pod: str, port: int) -> Connection:
        """A connection to a port in a pod; OSError where nobody listens."""


class ArgoCD(Protocol):
    """Argo CD's API server."""

    address: str
    """As in ARGOCD_SERVER."""
    token: str


@dataclass
class Cluster:
    """The lab's parts, by name."""

    kinds: Kinds
    store: Store
    clock: Clock
    pace: Pace
    tree: Path | None
    """The platform's tree, which stands for every repository that is nowhere else."""
    objects: Objects
    parts: Parts
    repositories: Mapping[str, Path] = field(default_factory=dict)
    """Where Argo CD finds a URL's on this machine: a git repository, or a plain folder."""
    faults: Faults = field(default_factory=Faults)
    controllers: list[Controller] = field(default_factory=list)
    kubelet: Kubelet | None = None
    servers: Servers | None = None
    argocd: ArgoCD | None = None
    interrupts: list[Interrupt] = field(default_factory=list)
    """What comes before the API server, for faults."""

    at_end: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """What is to be closed once the controllers have ended."""

    def control(self, name: str, part: str, reconcile: Reconcile, watches: Mapping[str, Keys]) -> Controller:
        """Add a controller."""
        made = Controller(name, part, reconcile, watches)
        self.controllers.append(made)
        self.store.subscribers.append(made.hear)
        return made

    async def run(self) -> None:
        """Let all controllers run until this is cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for controller in self.controllers:
                    group.create_task(controller.run(self.parts, self.clock), name=controller.name)
        finally:
            for close in self.at_end:
                await close()
