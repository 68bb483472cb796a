"""The lab as a whole: started in a thread of its own, with the kubeconfigs by which it is reached."""

import asyncio
import base64
import concurrent.futures
import importlib
import inspect
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import trustme

from aiops.lab.api import definitions, kinds
from aiops.lab.api.objects import Objects
from aiops.lab.api.server import NAME, Api
from aiops.lab.api.store import Store
from aiops.lab.clock import Clock
from aiops.lab.cluster import Cluster, Pace
from aiops.lab.controllers import Parts, State
from aiops.lab.seed import seed

Result = TypeVar("Result")
CLOCK = "aiops.dev/lab"
"""The extension by which a kubeconfig's context tells what time it is on its cluster."""
WORLD = (
    "world.admission", "world.namespaces", "world.garbage", "world.orphans", "world.quotas", "world.volumes",
    "world.replicasets", "world.deployments", "world.statefulsets", "world.daemonsets", "world.jobs",
    "world.scheduling", "world.kubelet", "world.kubelet_server", "world.node_lifecycle", "world.nodes", "world.autoscaler", "world.operators", "world.secrets",
    "world.predictors", "world.addresses", "world.services", "world.serving", "argocd",
)  # fmt: skip


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
            objects=Objects(known, store, clock), parts=Parts(),
        )  # fmt: skip
        if hasattr(self.cluster, "repositories"):
            self.cluster.repositories = dict(repositories or {})
        self._authority = trustme.CA()
        self.api = Api(self.cluster, self._tls())
        self.kubeconfig, self.viewer_kubeconfig = folder / "kubeconfig", folder / "viewer.kubeconfig"
        self._port, self._context = port, context
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
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
        argocd = getattr(self.cluster, "argocd", None)
        more = {} if argocd is None else {
            "ARGOCD_SERVER": argocd.address, "ARGOCD_OPTS": "--plaintext", "ARGOCD_AUTH_TOKEN": argocd.token,
        }  # fmt: skip
        return {"KUBECONFIG": str(self.kubeconfig), **more}

    def start(self) -> None:
        """Return once it answers."""
        self._thread.start()
        self._started.result()

    def stop(self) -> None:
        """End it; nothing of it is left."""
        if self._loop is not None and self._end is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join()

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
        definitions.start(self.cluster)
        for name in WORLD:
            await _start(name, self.cluster)
        seed(self.cluster)
        await self.api.start(self._port)
        self.cluster.parts.listeners.append(self._obey)
        self._write_kubeconfigs()
        running = asyncio.create_task(self.cluster.run())
        ended = asyncio.create_task(self._end.wait())
        self._started.set_result(None)
        try:
            await asyncio.wait((running, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for path in (self.kubeconfig, self.viewer_kubeconfig):
                path.unlink(missing_ok=True)
            running.cancel()
            await self.api.stop()
            await asyncio.gather(running, return_exceptions=True)

    def _obey(self, part: str, state: State) -> None:
        if part == NAME:
            self._obeying = asyncio.get_running_loop().create_task(self.api.obey(state))

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        return context

    def _write_kubeconfigs(self) -> None:
        access = self.api.access
        for path, user, group in (
            (self.kubeconfig, "admin", "system:masters"),
            (self.viewer_kubeconfig, "viewer", "viewers"),
        ):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.unlink(missing_ok=True)
            path.touch(mode=0o600)
            path.write_text(self._kubeconfig(user, access.person(user, group)))

    def _kubeconfig(self, user: str, token: str) -> str:
        """In JSON, which is YAML too."""
        name, ca = self._context, base64.b64encode(self._authority.cert_pem.bytes()).decode()
        cluster = {"server": self.server, "certificate-authority-data": ca}
        clock = {"began": self.cluster.clock.zero.isoformat(), "speed": self.cluster.clock.speed}
        context = {
            "cluster": name, "user": user, "namespace": "argocd", "extensions": [{"name": CLOCK, "extension": clock}],
        }  # fmt: skip
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": name,
            "clusters": [{"name": name, "cluster": cluster}], "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": name, "context": context}],
        }  # fmt: skip
        return json.dumps(config)


async def _start(name: str, cluster: Cluster) -> None:
    try:
        module = importlib.import_module(f"aiops.lab.{name}")
    except ModuleNotFoundError:
        return
    if hasattr(module, "start"):
        result = module.start(cluster)
        if inspect.isawaitable(result):
            await result
