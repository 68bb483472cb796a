"""Port-forwards over a websocket: a kubelet's v4.channel.k8s.io (k8s.io/cri-streaming, portforward/websocket.go)."""

import asyncio
import contextlib
import struct
from collections.abc import Awaitable, Callable

from aiohttp import WSMsgType, web

from aiops.lab.api.refusals import bad_request
from aiops.lab.cluster import Connection

PROTOCOL = "v4.channel.k8s.io"
DATA, ERROR = b"\0", b"\1"
CHUNK = 32 * 1024


async def forward(
    request: web.Request, pod: str, connect: Callable[[int], Awaitable[Connection]]
) -> web.StreamResponse:
    """Carry bytes between a client and the port of a pod that it names, until one of them ends it."""
    if not request.query.get("ports", "").isdecimal():
        raise bad_request("you must specify at least 1 port as a value to the ports query parameter")
    port = int(request.query["ports"])
    socket = web.WebSocketResponse(protocols=(PROTOCOL,))
    await socket.prepare(request)
    with contextlib.suppress(ConnectionResetError):  # of a client that has gone
        for channel in (DATA, ERROR):
            await socket.send_bytes(channel + struct.pack("<H", port))
        try:
            reader, writer = await connect(port)
        except OSError as error:
            await socket.send_bytes(ERROR + f"error forwarding port {port} to pod {pod}, uid : {error}".encode())
        else:
            await _carry(socket, reader, writer)
        await socket.close()
    return socket


async def _carry(socket: web.WebSocketResponse, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    back = asyncio.create_task(_back(socket, reader))
    try:
        async for message in socket:
            if message.type is WSMsgType.BINARY and message.data.startswith(DATA):
                writer.write(message.data[len(DATA) :])
                await writer.drain()
    finally:
        back.cancel()
        writer.close()


async def _back(socket: web.WebSocketResponse, reader: asyncio.StreamReader) -> None:
    """What the port sends; its end is the end of the forward."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            await socket.send_bytes(DATA + data)
        await socket.close()
