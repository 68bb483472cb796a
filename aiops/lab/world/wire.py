"""HTTP to a server in a pod, by a connection inside this process: no port of the machine is opened."""

import asyncio
import json
import socket

from aiohttp import web

from aiops.lab.cluster import Cluster, Connection
from aiops.lab.world.exchange import Request, Server

SLOW = "model-slow"
"""Fault: what is asked of a model takes forever."""
FOREVER_S = 3600.0


async def connect(server: Server, cluster: Cluster) -> Connection:
    """A new connection to it."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "POST" and cluster.faults.on(SLOW):
            await cluster.clock.sleep(FOREVER_S)
        return await _respond(server, request)

    ours, theirs = socket.socketpair()
    await asyncio.get_running_loop().connect_accepted_socket(web.Server(handle), sock=theirs)
    return await asyncio.open_connection(sock=ours)


async def _respond(server: Server, request: web.BaseRequest) -> web.StreamResponse:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
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
