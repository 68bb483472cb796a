"""The lab as a whole: started in a thread of its own, with the kubeconfigs by which it is reached."""

import asyncio
import concurrent.futures
import contextlib
import ssl
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import trustme

from aiops.lab import argocd
from aiops.lab.api import definitions, kinds
from aiops.lab.api.objects import Objects
from aiops.lab.api.server import NAME, Api
from aiops.lab.api.store import Store
from aiops.lab.clock import Clock
from aiops.lab.cluster import Cluster, Pace
from aiops.lab.controllers import Parts, State
from aiops.lab.kubeconfig import kubeconfig, write
from aiops.lab.seed import seed
from aiops.lab.world import (
    addresses,
    admission,
    autoscaler,
    daemonsets,
    deployments,
    endpoints,
    garbage,
    jobs,
    kubelet,
    kubelet_server,
    namespaces,
    node_lifecycle,
    nodes,
    operators,
    orphans,
    predictors,
    quotas,
    replicasets,
    scheduling,
    secrets,
    serving,
    statefulsets,
    volumes,
)

Result = TypeVar("Result")
LONGEST_END_S = 3.0
"""After that the thread, which is a daemon, is left to the process's own end."""
PARTS = (
    definitions,
    admission,
    namespaces,
    garbage,
    orphans,
    quotas,
    volumes,
    replicasets,
    deployments,
    statefulsets,
    daemonsets,
    jobs,
    endpoints,
    scheduling,
    kubelet,
    kubelet_server,
    node_lifecycle,
    nodes,
    autoscaler,
    operators,
    predictors,
    addresses,
    secrets,
    serving,
)
"""What each starts of the world around the API."""


class Lab:
    """A cluster, from start to stop; a context manager too."""

    def __init__(
        self,
        folder: Path,
        *,
        tree: Path | None = None,
        repositories: Mapping[str, Path] | None = None,
        port: int = 0,
        speed: float = 1.0,
        pace: Pace | None = None,
        context: str = "aiops-lab",
    ) -> None:
        """`folder` holds its kubeconfigs while it runs; `repositories`: where on this machine Argo CD finds a URL's."""
        store, clock, known = Store(), Clock(speed), kinds.load()
        self.cluster = Cluster(
            kinds=known, store=store, clock=clock, pace=pace or Pace(), tree=tree,
            objects=Objects(known, store, clock), parts=Parts(), repositories=repositories or {},
        )  # fmt: skip
        self._authority = trustme.CA()
        self.api = Api(self.cluster, self._tls())
        self.kubeconfig, self.viewer_kubeconfig = folder / "kubeconfig", folder / "viewer.kubeconfig"
        self._port, self._context = port, context
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._obeying: set[asyncio.Task[None]] = set()
        self._started: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._main, name="lab", daemon=True)

    @property
    def server(self) -> str:
        """The API server's URL."""
        return self.api.url

    @property
    def unserved(self) -> list[str]:
        """What was asked for that the lab does not have."""
        return self.api.unserved

    def environ(self) -> dict[str, str]:
        """The environment in which aiops, kubectl and the argocd client use it."""
        server = self.cluster.argocd
        assert server is not None, "the lab has not been started"  # noqa: S101
        return {
            "KUBECONFIG": str(self.kubeconfig), "ARGOCD_SERVER": server.address, "ARGOCD_OPTS": "--plaintext",
            "ARGOCD_AUTH_TOKEN": server.token,
        }  # fmt: skip

    def start(self) -> None:
        """Return once it answers."""
        self._thread.start()
        self._started.result()

    def stop(self) -> None:
        """End it; nothing of it is left."""
        if self._loop is not None and self._end is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(LONGEST_END_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    def call(self, function: Callable[[], Result]) -> Result:
        """Run a function where the lab runs, and return what it returns."""
        assert self._loop is not None, "the lab has not been started"  # noqa: S101

        async def run() -> Result:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def _main(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _run(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        for part in PARTS:
            part.start(self.cluster)
        await argocd.start(self.cluster)
        seed(self.cluster)
        running = asyncio.create_task(self.cluster.run())
        try:
            await self.api.start(self._port)
            self.cluster.parts.listeners.append(self._obey)
            self._write_kubeconfigs()
            self._started.set_result(None)
            ended = asyncio.create_task(self._end.wait())
            await asyncio.wait((running, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for path in (self.kubeconfig, self.viewer_kubeconfig):
                path.unlink(missing_ok=True)
            await self.api.stop()
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    def _obey(self, part: str, state: State) -> None:
        if part == NAME:
            task = asyncio.get_running_loop().create_task(self.api.obey(state))
            self._obeying.add(task)
            task.add_done_callback(self._obeying.discard)

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        return context

    def _write_kubeconfigs(self) -> None:
        authority, clock = self._authority.cert_pem.bytes(), self.cluster.clock
        for path, user, group in (
            (self.kubeconfig, "admin", "system:masters"),
            (self.viewer_kubeconfig, "viewer", "viewers"),
        ):
            token = self.api.access.person(user, group)
            write(path, kubeconfig(self._context, self.server, authority, user, token, clock))
