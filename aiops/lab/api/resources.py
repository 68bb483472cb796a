"""Requests about kinds that are served: read, watched, written, and what a pod or an account has beneath it."""

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from aiohttp import web

from aiops.lab.api import recorded, reviews, scaling, watching, writing
from aiops.lab.api.access import Access, User
from aiops.lab.api.calls import Call
from aiops.lab.api.forwarding import PROTOCOL, forward
from aiops.lab.api.kinds import Kind
from aiops.lab.api.listing import Lists, number
from aiops.lab.api.objects import Objects
from aiops.lab.api.refusals import Refusal, not_found
from aiops.lab.api.representation import Encodings, Representation, dump, form_of
from aiops.lab.api.requests import RequestInfo, is_true, parse
from aiops.lab.api.responses import JSON_TYPE, absent, answered, unserved
from aiops.lab.cluster import Cluster, Kubelet

WRITES: Mapping[str, Callable[[Objects, Call], writing.Answer]] = {
    "create": writing.create, "update": writing.update, "patch": writing.patch, "delete": writing.delete,
}  # fmt: skip
OF_MANY = ("list", "watch", "deletecollection")
"""Verbs whose RequestInfo has a name only where a field selector says so."""
MISSING = Refusal(404, "NotFound", "the server could not find the requested resource", details={})
NOT_ALLOWED = Refusal(
    405, "MethodNotAllowed", "the server does not allow this method on the requested resource", details={}
)


class Resources:
    """All that are served."""

    def __init__(self, cluster: Cluster, access: Access) -> None:
        self._cluster, self._access, self._objects = cluster, access, cluster.objects
        self._lists, self._encodings = Lists(cluster.store), Encodings(cluster.store)

    async def answer(self, request: web.Request, user: User, info: RequestInfo) -> web.StreamResponse:
        """What is answered to who may ask it; every error is a Refusal."""
        kind = self._kind(info)
        if kind is None:
            if info.group in recorded.read("kubernetes")["omitted"]:
                raise unserved(request)
            return absent()
        call = Call(
            info=info, kind=kind, query=request.query, user=user, agent=request.headers.get("User-Agent", ""),
            content_type=request.content_type if request.can_read_body else "", content=await request.read(),
        )  # fmt: skip
        if info.subresource not in ("", "status", "scale"):
            return await self._beneath(request, call)
        if kind.resource in reviews.REVIEWS:
            return answered(201, dump(reviews.REVIEWS[kind.resource](self._access, call, call.json())))
        if "get" not in kind.verbs:
            raise unserved(request)
        shape = Representation(
            kind=kind, version=info.version, form=form_of(request.headers.get("Accept", "")),
            include=request.query.get("includeObject", "Metadata"), encodings=self._encodings,
            now=self._cluster.clock.now,
        )  # fmt: skip
        match info.verb:
            case "watch":
                return await self._watch(request, call, shape)
            case "get" | "list":
                return answered(200, *self._read(call, shape))
            case _:
                return self._write(call, shape)

    def _kind(self, info: RequestInfo) -> Kind | None:
        """The kind that is asked for, if it can be asked for so; None of what is in no group of Kubernetes' own."""
        kind = self._cluster.kinds.find(info.resource)
        if kind is None or info.version not in kind.served or not _is_placed(kind, info):
            if any(each.group == info.group and not each.custom for each in self._cluster.kinds):
                raise MISSING
            return None
        if info.subresource not in ("", *kind.subresources):
            raise not_found(kind, info.name) if kind.custom else MISSING
        if not _is_allowed(kind, info):
            raise NOT_ALLOWED
        return kind

    def _read(self, call: Call, shape: Representation) -> Iterable[bytes]:
        if call.info.verb == "list":
            page = self._lists.page(call.kind, call.namespace, call.query)
            return shape.many(page.bodies, page.meta)
        body = self._objects.get(call.kind.resource, call.info.name, call.namespace)
        return (dump(scaling.scale(body)) if call.info.subresource == "scale" else shape.one(body),)

    async def _watch(self, request: web.Request, call: Call, shape: Representation) -> web.StreamResponse:
        watch = watching.watch(self._cluster.store, call.kind, call.namespace, call.query)
        response = web.StreamResponse(headers={"Content-Type": JSON_TYPE})
        await response.prepare(request)
        with contextlib.suppress(ConnectionResetError):  # of a client that has gone
            try:
                async with contextlib.aclosing(watch.lines(shape)) as lines:
                    async for line in lines:
                        await self._cluster.parts.until_up("kube-apiserver")
                        await response.write(line)
            except Refusal as refusal:
                await response.write(dump({"type": "ERROR", "object": refusal.status()}) + b"\n")
        return response

    def _write(self, call: Call, shape: Representation) -> web.StreamResponse:
        if call.info.verb == "deletecollection":
            deleted = writing.delete_collection(self._objects, self._lists, call)
            return answered(200, *shape.many(deleted, {"resourceVersion": str(self._cluster.store.revision)}))
        answer = WRITES[call.info.verb](self._objects, call)
        headers = [("Warning", f"299 - {json.dumps(warning)}") for warning in answer.warnings]
        other = answer.body["kind"] in ("Status", "Scale")
        return answered(answer.code, dump(answer.body) if other else shape.one(answer.body), headers=headers)

    async def _beneath(self, request: web.Request, call: Call) -> web.StreamResponse:
        info, kubelet = call.info, self._cluster.kubelet
        match call.kind.resource, info.subresource, info.verb:
            case "serviceaccounts", "token", "create":
                return answered(201, dump(reviews.token_request(self._access, call, call.json())))
            case "pods", "log", "get" if kubelet is not None:
                return web.Response(text=self._log(kubelet, call))
            case "pods", "portforward", "get" if kubelet is not None:
                self._access.authorize(call.user, parse("POST", request.path, {}))  # since Kubernetes 1.35
                self._objects.get("pods", info.name, info.namespace)
                if PROTOCOL not in request.headers.get("Sec-WebSocket-Protocol", ""):
                    raise unserved(request)
                return await forward(request, info.name, partial(kubelet.connect, info.namespace, info.name))
        raise unserved(request)

    def _log(self, kubelet: Kubelet, call: Call) -> str:
        query, info = call.query, call.info
        self._objects.get("pods", info.name, info.namespace)
        tail = number(query, "tailLines") if "tailLines" in query else None
        container, previous = query.get("container", ""), is_true(query, "previous")
        return kubelet.log(info.namespace, info.name, container, previous=previous, tail=tail)


def _is_placed(kind: Kind, info: RequestInfo) -> bool:
    """Whether a path has a namespace where its kind has one; lists can be of all namespaces."""
    if not kind.namespaced:
        return not info.namespace or kind.resource == "namespaces"
    return bool(info.namespace) or not info.name or info.verb in OF_MANY


def _is_allowed(kind: Kind, info: RequestInfo) -> bool:
    """Whether a path is of the object that a write needs, or of the place for a new one."""
    if info.verb == "create":
        return bool(info.namespace) >= kind.namespaced and bool(info.name) == bool(info.subresource)
    return info.verb not in ("update", "patch") or bool(info.name)
