"""The API server: HTTP over TLS on loopback; who asks, and whether they may."""

import asyncio
import logging
import ssl
from email.utils import format_datetime

from aiohttp import web

from aiops.lab.api import discovery
from aiops.lab.api.access import Access
from aiops.lab.api.refusals import Refusal
from aiops.lab.api.representation import dump
from aiops.lab.api.requests import parse
from aiops.lab.api.resources import MISSING, Resources
from aiops.lab.api.responses import absent, refused, unserved
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import State

NAME = "kube-apiserver"
LARGEST_BODY = 3 * 1024 * 1024
"""What a write may be long (apiserver/pkg/server/config.go, MaxRequestBodyBytes)."""
OPENAPI_V2, NO_SCHEMAS = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", b"\n\x032.0"
"""kubectl asks for it where it is given a List, and leaves it to the server to check what has no schema there."""
ELSEWHERE = ("/metrics", "/logs", "/debug", "/.well-known", "/openid")
"""Where a real one answers too."""
log = logging.getLogger(__name__)


class Api:
    """The API server of a cluster."""

    def __init__(self, cluster: Cluster, tls: ssl.SSLContext) -> None:
        self.access = Access(cluster.objects)
        self.unserved: list[str] = []
        """Methods and paths that were answered with 501."""
        self.port = 0
        self._cluster, self._tls = cluster, tls
        self._resources = Resources(cluster, self.access)
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._changing = asyncio.Lock()

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"https://127.0.0.1:{self.port}"

    async def start(self, port: int) -> None:
        """Listen on a port of loopback; 0: on any, and on the same one ever after."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/{path:.*}", self._handle)
        app.on_response_prepare.append(self._head)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=self._tls)
        await self._site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Listen no longer, and end every connection."""
        if self._runner is None or self._site is None:
            return
        runner, self._runner = self._runner, None
        await self._site.stop()
        await runner.cleanup()

    async def obey(self, state: State) -> None:
        """Be up or down, as a part of the cluster; one that stands still goes on listening."""
        async with self._changing:
            if state == "down":
                await self.stop()
            elif self._runner is None:
                await self.start(self.port)

    async def _head(self, _request: web.Request, response: web.StreamResponse) -> None:
        """The lab's time, with which clients compare their own clock and the objects' times.

        By it, an answer may be from tomorrow: kubectl would think it fresh for a day and not ask again.
        """
        response.headers["Date"] = format_datetime(self._cluster.clock.now(), usegmt=True)
        response.headers["Cache-Control"] = "no-cache, private"

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        await self._cluster.parts.until_up(NAME)
        for interrupt in self._cluster.interrupts:
            if (answer := await interrupt(request)) is not None:
                return answer
        try:
            user = self.access.authenticate(request.headers.get("Authorization"))
            if "Impersonate-User" in request.headers:
                raise unserved(request)
            info = parse(request.method, request.path, request.query)
            self.access.authorize(user, info)
            return await self._resources.answer(request, user, info) if info.plural else self._path(request)
        except Refusal as refusal:
            if refusal.code == 501:
                self.unserved.append(f"{request.method} {request.path}")
            return refused(refusal)
        except Exception as error:
            log.exception("%s %s", request.method, request.path)
            return refused(Refusal(500, "InternalError", f"Internal error occurred: {error!r}"))

    def _path(self, request: web.Request) -> web.StreamResponse:
        kinds, path = self._cluster.kinds, request.path
        if path in ("/readyz", "/livez", "/healthz"):
            return web.Response(text="ok")
        if path == "/openapi/v2":
            return web.Response(body=NO_SCHEMAS, headers={"Content-Type": OPENAPI_V2})
        found = discovery.find(kinds, path, request.headers.get("Accept", ""))
        if found is not None:
            body, media = found
            return web.Response(body=dump(body), headers={"Content-Type": media})
        if path == "/" or path.startswith(ELSEWHERE):
            raise unserved(request)
        match path.strip("/").split("/"):
            case ["api", _]:
                raise MISSING
            case ["apis", group, _] if any(kind.group == group for kind in kinds):
                raise MISSING
        return absent()
