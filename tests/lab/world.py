"""A part of the lab's world without its API over HTTP, on a clock that runs fast."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from types import ModuleType
from typing import Any, TypeVar

from aiops.lab.api import kinds
from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Objects, Writer
from aiops.lab.api.store import Store
from aiops.lab.clock import Clock
from aiops.lab.cluster import Cluster, Pace
from aiops.lab.controllers import Parts

Found = TypeVar("Found")
ADMIN = Writer(user="admin", manager="tests")
AT_ONCE = Pace(
    node_joins_s=0, node_ready_s=0, gpu_ready_s=0, node_idle_s=3600, node_leaves_s=0, image_s=0, start_s=0, stop_s=0,
)  # fmt: skip
SPEED, PATIENCE_S = 200.0, 10.0


def world(*modules: ModuleType, pace: Pace = AT_ONCE) -> Cluster:
    """These parts, with the namespaces `default` and `x` and nothing else."""
    store, clock, known = Store(), Clock(SPEED), kinds.load()
    cluster = Cluster(
        kinds=known, store=store, clock=clock, pace=pace, tree=None,
        objects=Objects(known, store, clock), parts=Parts(),
    )  # fmt: skip
    for module in modules:
        module.start(cluster)
    for name in ("default", "x"):
        cluster.objects.create("namespaces", {"metadata": {"name": name}}, ADMIN)
    cluster.objects.create("serviceaccounts", {"metadata": {"name": "default", "namespace": "x"}}, ADMIN)
    return cluster


@asynccontextmanager
async def running(cluster: Cluster) -> AsyncIterator[None]:
    """Its controllers do."""
    task = asyncio.create_task(cluster.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(found: Callable[[], Found]) -> Found:
    """What is looked for, once it is there."""
    deadline = time.monotonic() + PATIENCE_S
    while not (it := found()):
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.002)
    return it


async def settled(cluster: Cluster) -> None:
    """Until nobody has written anything for a moment."""
    before = -1
    while before != cluster.store.revision:
        before = cluster.store.revision
        await asyncio.sleep(0.02)


def create(cluster: Cluster, resource: str, name: str, **body: Json) -> Json:
    """An object in namespace `x`, where it belongs to one."""
    space = {"namespace": "x"} if cluster.kinds[resource].namespaced else {}
    meta = {"name": name, **space, **body.pop("metadata", {})}
    return cluster.objects.create(resource, {"metadata": meta, **body}, ADMIN)


def edit(cluster: Cluster, resource: str, name: str, change: Callable[[Json], Json]) -> Json:
    """A change of one."""
    space = "x" if cluster.kinds[resource].namespaced else ""
    return cluster.objects.edit(resource, name, space, change, ADMIN)


def pod_spec(*, gpus: int = 0, **spec: object) -> Json:
    """Of a pod with one container."""
    limits = {"limits": {"nvidia.com/gpu": str(gpus)}} if gpus else {}
    return {"containers": [{"name": "main", "image": "example.test/main:1", "resources": limits}], **spec}


def played(story: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test of a cluster that runs meanwhile."""

    @wraps(story)
    def test(cluster: Cluster, **more: object) -> None:
        async def run() -> None:
            async with running(cluster):
                await settled(cluster)
                await story(cluster, **more)

        asyncio.run(run())

    return test
