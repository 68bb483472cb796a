"""HTTP to a server in a pod, by a connection inside this process: no port of the machine is opened."""

import asyncio
import json
import socket
from weakref import WeakSet

from aiohttp import web

from aiops.lab.cluster import Cluster, Connection
from aiops.lab.faults import MODEL_HANGS
from aiops.lab.world.exchange import Request, Server

FOREVER_S = 3600.0


class Wires:
    """All connections."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._open: WeakSet[web.Server] = WeakSet()
        """One for each connection, which keeps it alive."""
        cluster.at_end.append(self._close)

    async def connect(self, server: Server) -> Connection:
        """A new one."""

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            if request.method == "POST" and self._cluster.faults.on(MODEL_HANGS):
                await self._cluster.clock.sleep(FOREVER_S)
            return await _respond(server, request)

        http = web.Server(handle)
        self._open.add(http)
        ours, theirs = socket.socketpair()
        await asyncio.get_running_loop().connect_accepted_socket(http, sock=theirs)
        return await asyncio.open_connection(sock=ours)

    async def _close(self) -> None:
        for http in tuple(self._open):
            await http.shutdown(timeout=0.1)


async def _respond(server: Server, request: web.BaseRequest) -> web.StreamResponse:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    try:
        body = dict(json.loads(await request.read() or b"{}"))
    except (TypeError, ValueError):
        return web.json_response({"error": {"message": "Invalid JSON payload", "code": 400}}, status=400)
    key = token.strip() if scheme == "Bearer" else ""
    answer = server.answer(Request(method=request.method, path=request.path, key=key, body=body))
    headers = {"Server": "uvicorn", **answer.headers}
    if answer.chunks:
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8", **headers})
        await stream.prepare(request)
        for chunk in (*map(json.dumps, answer.chunks), "[DONE]"):
            await stream.write(f"data: {chunk}\n\n".encode())
        return stream
    if isinstance(answer.body, str):
        return web.Response(text=answer.body, status=answer.status, headers=headers)
    return web.json_response(answer.body, status=answer.status, headers=headers)
