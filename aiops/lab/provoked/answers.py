"""Faults of the API server: what it answers, or that it does not."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

from aiohttp import web

from aiops.lab.api import recorded
from aiops.lab.api.refusals import Refusal
from aiops.lab.cluster import Cluster, Interrupt

PART = "kube-apiserver"
AHEAD = timedelta(minutes=6)
OLD_VERSION = {"major": "1", "minor": "29", "gitVersion": "v1.29.14"}
NODES = "/api/v1/nodes"
STOPS_S = 20.0


@contextmanager
def _answering(cluster: Cluster, answer: Interrupt) -> Iterator[None]:
    cluster.interrupts.append(answer)
    yield
    cluster.interrupts.remove(answer)


def _refusing(cluster: Cluster, refusal: Refusal, path: str = "/") -> AbstractContextManager[None]:
    """Every request for a path and what is beneath."""

    async def refuse(request: web.Request) -> web.StreamResponse | None:
        if not request.path.startswith(path):
            return None
        after = {} if refusal.retry_after_s is None else {"Retry-After": str(refusal.retry_after_s)}
        return web.json_response(refusal.status(), status=refusal.code, headers=after)

    return _answering(cluster, refuse)


def forbidden(cluster: Cluster) -> AbstractContextManager[None]:
    """Nobody may see a node."""
    words = 'nodes is forbidden: User "admin" cannot list resource "nodes" in API group "" at the cluster scope'
    return _refusing(cluster, Refusal(403, "Forbidden", words, details={"kind": "nodes"}), NODES)


def old_version(cluster: Cluster) -> AbstractContextManager[None]:
    """It says that it is of long ago."""

    async def say(request: web.Request) -> web.StreamResponse | None:
        said = {**recorded.read("kubernetes")["version"], **OLD_VERSION}
        return web.json_response(said) if request.path == "/version" else None

    return _answering(cluster, say)


def too_many(cluster: Cluster) -> AbstractContextManager[None]:
    """It has no time for anybody."""
    words = "The server is currently unable to handle the request, please try again later"
    return _refusing(cluster, Refusal(429, "TooManyRequests", words, retry_after_s=1))


def broken(cluster: Cluster) -> AbstractContextManager[None]:
    """It has lost its etcd."""
    return _refusing(cluster, Refusal(500, "InternalError", "etcdserver: request timed out"))


def cut(cluster: Cluster) -> AbstractContextManager[None]:
    """Every connection ends before there is an answer."""

    async def end(request: web.Request) -> web.StreamResponse | None:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    return _answering(cluster, end)


@contextmanager
def down(cluster: Cluster) -> Iterator[None]:
    """Nobody listens."""
    cluster.parts.set(PART, "down")
    yield
    cluster.parts.set(PART, "up")


@contextmanager
def stopped(cluster: Cluster) -> Iterator[None]:
    """It stands still, connected, for a while."""
    cluster.parts.set(PART, "stalled")
    real_s = STOPS_S / cluster.clock.speed
    going_on = asyncio.get_running_loop().call_later(real_s, cluster.parts.set, PART, "up")
    yield
    going_on.cancel()
    cluster.parts.set(PART, "up")


@contextmanager
def other_time(cluster: Cluster) -> Iterator[None]:
    """Its clock is ahead."""
    cluster.clock.zero += AHEAD
    yield
    cluster.clock.zero -= AHEAD
