"""What every part of the lab works with."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from aiops.lab.api.kinds import Kinds
from aiops.lab.api.objects import Objects
from aiops.lab.api.store import Store
from aiops.lab.clock import Clock
from aiops.lab.controllers import Controller, Keys, Parts, Reconcile
from aiops.lab.faults import Faults

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long things take in the world that is simulated, in seconds of its clock."""

    node_joins_s: float = 75.0
    """From the order to the kubelet's first word."""
    node_ready_s: float = 15.0
    """From there to Ready."""
    gpu_ready_s: float = 20.0
    """From there until the driver offers the GPU."""
    node_idle_s: float = 600.0
    """How long the autoscaler lets an unused GPU node be."""
    image_s: float = 8.0
    """To pull an image; of a pod that asks for a GPU ten times as long."""
    start_s: float = 3.0
    """For a container to become ready; of one that asks for a GPU thirty times as long."""
    git_s: float = 180.0
    """How often Argo CD asks git by itself."""


class Kubelet(Protocol):
    """Every node's."""

    def log(self, namespace: str, pod: str, container: str, *, previous: bool, tail: int | None) -> str:
        """A container's log, or that of the one before it; Refusal where there is none."""

    async def connect(self, namespace: str, pod: str, port: int) -> Connection:
        """A connection to a port in a pod; OSError where nobody listens."""


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
    faults: Faults = field(default_factory=Faults)
    controllers: list[Controller] = field(default_factory=list)
    kubelet: Kubelet | None = None

    def control(self, name: str, part: str, reconcile: Reconcile, watches: Mapping[str, Keys]) -> Controller:
        """Add a controller."""
        made = Controller(name, part, reconcile, watches)
        self.controllers.append(made)
        self.store.subscribers.append(made.hear)
        return made

    async def run(self) -> None:
        """Let all controllers run until this is cancelled."""
        async with asyncio.TaskGroup() as group:
            for controller in self.controllers:
                group.create_task(controller.run(self.parts, self.clock), name=controller.name)
