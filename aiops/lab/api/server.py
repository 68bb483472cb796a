"""The API server: HTTP over TLS on loopback; who asks, whether they may, and what is done for them."""

import contextlib
import logging
import ssl
from email.utils import format_datetime
from functools import partial

from aiohttp import web

from aiops.lab.api import discovery, recorded, reviews, scaling, watching, writing
from aiops.lab.api.access import Access, User
from aiops.lab.api.calls import Call
from aiops.lab.api.forwarding import forward
from aiops.lab.api.kinds import Json, Kind
from aiops.lab.api.listing import Lists, number
from aiops.lab.api.objects import Objects
from aiops.lab.api.refusals import Refusal
from aiops.lab.api.representation import Encodings, Representation, dump, form_of
from aiops.lab.api.requests import RequestInfo, is_true, parse
from aiops.lab.cluster import Cluster, Kubelet
from aiops.lab.controllers import State

NAME = "kube-apiserver"
LARGEST_BODY = 3 * 1024 * 1024
"""What a write may be long (apiserver/pkg/server/config.go, MaxRequestBodyBytes)."""
JSON_TYPE = "application/json"
log = logging.getLogger(__name__)


class Api:
    """The API server of a cluster."""

    def __init__(self, cluster: Cluster, tls: ssl.SSLContext) -> None:
        self.access = Access(cluster.objects)
        self.unserved: list[str] = []
        """Methods and paths that were answered with 501."""
        self.port = 0
        self._cluster, self._tls = cluster, tls
        self._lists, self._encodings = Lists(cluster.store), Encodings(cluster.store)
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"https://127.0.0.1:{self.port}"

    async def start(self, port: int) -> None:
        """Listen on a port of loopback; 0: on any, and on the same one ever after."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/{path:.*}", self._handle)
        app.on_response_prepare.append(self._date)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=self._tls)
        await self._site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Listen no longer, and end every connection as a process does that is killed."""
        if self._runner is None or self._site is None:
            return
        runner, self._runner = self._runner, None
        await self._site.stop()
        for connection in tuple(runner.server.connections) if runner.server else ():
            if connection.transport is not None:
                connection.transport.abort()
        await runner.cleanup()

    async def obey(self, state: State) -> None:
        """Be up or down, as a part of the cluster; one that stands still goes on listening."""
        if state == "down":
            await self.stop()
        elif self._runner is None:
            await self.start(self.port)

    async def _date(self, _request: web.Request, response: web.StreamResponse) -> None:
        """The lab's time: what clients compare their own clock and the objects' times with."""
        response.headers["Date"] = format_datetime(self._cluster.clock.now(), usegmt=True)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        await self._cluster.parts.until_up(NAME)
        for interrupt in self._cluster.interrupts:
            if (answer := await interrupt(request)) is not None:
                return answer
        try:
            user = self.access.authenticate(request.headers.get("Authorization"))
            info = parse(request.method, request.path, request.query)
            self.access.authorize(user, info)
            return await (self._resource(request, user, info) if info.plural else self._path(request))
        except Refusal as refusal:
            return refused(refusal)
        except Exception as error:
            log.exception("%s %s", request.method, request.path)
            return refused(Refusal(500, "InternalError", f"Internal error occurred: {error!r}"))

    async def _path(self, request: web.Request) -> web.StreamResponse:
        if request.path in ("/readyz", "/livez", "/healthz"):
            return web.Response(text="ok")
        found = discovery.find(self._cluster.kinds, request.path, request.headers.get("Accept", ""))
        if found is not None:
            body, media = found
            return web.Response(body=dump(body), headers={"Content-Type": media})
        if request.path.startswith(("/openapi/v2", "/metrics")):
            return self._unserved(request)
        return absent()

    def _unserved(self, request: web.Request) -> web.StreamResponse:
        asked = f"{request.method} {request.path}"
        self.unserved.append(asked)
        return refused(Refusal(501, "NotImplemented", f"the lab does not serve {asked}"))

    async def _resource(self, request: web.Request, user: User, info: RequestInfo) -> web.StreamResponse:
        kind = self._kind(info)
        if kind is None:
            return self._unserved(request) if info.group in recorded.read("kubernetes")["omitted"] else absent()
        call = Call(
            info=info, kind=kind, query=request.query, user=user, agent=request.headers.get("User-Agent", ""),
            content_type=request.content_type if request.can_read_body else "", content=await request.read(),
        )  # fmt: skip
        if info.subresource not in ("", "status", "scale"):
            return await self._subresource(request, call)
        if kind.resource in reviews.REVIEWS:
            return answered(201, dump(reviews.REVIEWS[kind.resource](self.access, call, call.json())))
        if info.verb == "watch":
            return await self._watch(request, call)
        if info.verb in ("get", "list"):
            return answered(200, self._read(request, call))
        return self._write(request, call)

    def _kind(self, info: RequestInfo) -> Kind | None:
        """The kind that is asked for; None of a group that nobody serves."""
        kinds = self._cluster.kinds
        kind = kinds.find(info.resource)
        if kind is None or info.version not in kind.served:
            if not any(each.group == info.group for each in kinds):
                return None
            raise MISSING
        has = info.subresource in ("", *kind.subresources)
        if not has or (info.name and kind.namespaced and not info.namespace):
            raise MISSING
        if not kind.namespaced and info.namespace and kind.resource != "namespaces":
            raise MISSING
        aimless = info.verb in ("update", "patch") and not info.name
        created = info.verb == "create" and bool(info.name) == (info.subresource == "")
        if aimless or created or (info.verb == "create" and kind.namespaced and not info.namespace):
            raise Refusal(405, "MethodNotAllowed", NOT_ALLOWED, details={})
        return kind

    def _shape(self, request: web.Request, call: Call) -> Representation:
        return Representation(
            kind=call.kind, version=call.info.version, form=form_of(request.headers.get("Accept", "")),
            include=request.query.get("includeObject", "Metadata"), encodings=self._encodings,
            now=self._cluster.clock.now,
        )  # fmt: skip

    def _read(self, request: web.Request, call: Call) -> bytes:
        shape, info = self._shape(request, call), call.info
        namespace = info.namespace if call.kind.namespaced else ""
        if info.verb == "list":
            page = self._lists.page(call.kind, namespace, call.query)
            return shape.many(page.bodies, page.meta)
        body = self._cluster.objects.get(call.kind.resource, info.name, namespace)
        return dump(scaling.scale(call.kind, body)) if info.subresource == "scale" else shape.one(body)

    async def _watch(self, request: web.Request, call: Call) -> web.StreamResponse:
        namespace = call.info.namespace if call.kind.namespaced else ""
        watch = watching.watch(self._cluster.store, call.kind, namespace, call.query)
        shape = self._shape(request, call)
        response = web.StreamResponse(headers={"Content-Type": JSON_TYPE})
        await response.prepare(request)
        try:
            async with contextlib.aclosing(watch.lines(shape)) as lines:
                async for line in lines:
                    await self._cluster.parts.until_up(NAME)
                    await response.write(line)
        except Refusal as refusal:
            await response.write(dump({"type": "ERROR", "object": refusal.status()}) + b"\n")
        return response

    def _write(self, request: web.Request, call: Call) -> web.StreamResponse:
        objects: Objects = self._cluster.objects
        shape = self._shape(request, call)
        if call.info.verb == "deletecollection":
            meta: Json = {"resourceVersion": str(self._cluster.store.revision)}
            return answered(200, shape.many(writing.delete_collection(objects, self._lists, call), meta))
        answer = VERBS[call.info.verb](objects, call)
        whole = answer.body["kind"] in ("Status", "Scale")
        headers = [("Warning", f'299 - "{warning}"') for warning in answer.warnings]
        return answered(answer.code, dump(answer.body) if whole else shape.one(answer.body), *headers)

    async def _subresource(self, request: web.Request, call: Call) -> web.StreamResponse:
        info, kubelet = call.info, self._cluster.kubelet
        match call.kind.resource, info.subresource, info.verb:
            case "serviceaccounts", "token", "create":
                return answered(201, dump(reviews.token_request(self.access, call, call.json())))
            case "pods", "log", "get" if kubelet is not None:
                self._cluster.objects.get("pods", info.name, info.namespace)
                return web.Response(text=self._log(kubelet, call))
            case "pods", "portforward", "get" if kubelet is not None:
                self.access.authorize(call.user, parse("POST", request.path, {}))  # since Kubernetes 1.35
                self._cluster.objects.get("pods", info.name, info.namespace)
                return await forward(request, info.name, partial(kubelet.connect, info.namespace, info.name))
        return self._unserved(request)

    def _log(self, kubelet: Kubelet, call: Call) -> str:
        query, info = call.query, call.info
        tail = number(query, "tailLines") if "tailLines" in query else None
        previous = is_true(query, "previous")
        return kubelet.log(info.namespace, info.name, query.get("container", ""), previous=previous, tail=tail)


VERBS = {"create": writing.create, "update": writing.update, "patch": writing.patch, "delete": writing.delete}
NOT_ALLOWED = "the server does not allow this method on the requested resource"
MISSING = Refusal(404, "NotFound", "the server could not find the requested resource", details={})


def answered(code: int, body: bytes, *headers: tuple[str, str]) -> web.Response:
    """JSON."""
    response = web.Response(status=code, body=body, headers={"Content-Type": JSON_TYPE})
    response.headers.extend(headers)
    return response


def refused(refusal: Refusal) -> web.Response:
    """A Status of failure."""
    headers = [] if refusal.retry_after_s is None else [("Retry-After", str(refusal.retry_after_s))]
    return answered(refusal.code, dump(refusal.status()), *headers)


def absent() -> web.Response:
    """Of a path that nobody serves: no Status, but plain text."""
    return web.Response(status=404, text="404 page not found\n")
