"""Port-forwards over a websocket: a kubelet's v4.channel.k8s.io (k8s.io/cri-streaming, portforward/websocket.go)."""

import asyncio
import contextlib
import struct
from collections.abc import Awaitable, Callable

from aiohttp import WSMsgType, web

from aiops.lab.api.refusals import bad_request
from aiops.lab.cluster import Connection

PROTOCOL = "v4.channel.k8s.io"
DATA, ERROR = 0, 1
CHUNK = 32 * 1024


async def forward(
    request: web.Request, pod: str, connect: Callable[[int], Awaitable[Connection]]
) -> web.StreamResponse:
    """Carry bytes between a client and the ports of a pod that it names, until one of them ends it."""
    ports = [int(port) for each in request.query.getall("ports", []) for port in each.split(",")]
    if not ports:
        raise bad_request("you must specify at least 1 port as a value to the ports query parameter")
    socket = web.WebSocketResponse(protocols=(PROTOCOL,), autoclose=True)
    await socket.prepare(request)
    for index, port in enumerate(ports):
        for channel in (2 * index + DATA, 2 * index + ERROR):
            await socket.send_bytes(bytes([channel]) + struct.pack("<H", port))
    async with contextlib.AsyncExitStack() as stack:
        writers: dict[int, asyncio.StreamWriter] = {}
        for index, port in enumerate(ports):
            try:
                reader, writer = await connect(port)
            except OSError as error:
                words = f"error forwarding port {port} to pod {pod}, uid : {error}"
                await socket.send_bytes(bytes([2 * index + ERROR]) + words.encode())
                continue
            writers[2 * index] = writer
            stack.callback(writer.close)
            task = asyncio.create_task(_back(socket, 2 * index, reader))
            stack.callback(task.cancel)
        if writers:
            await _forth(socket, writers)
    await socket.close()
    return socket


async def _back(socket: web.WebSocketResponse, channel: int, reader: asyncio.StreamReader) -> None:
    """What the port sends; its end is the end of the forward."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            await socket.send_bytes(bytes([channel]) + data)
    await socket.close()


async def _forth(socket: web.WebSocketResponse, writers: dict[int, asyncio.StreamWriter]) -> None:
    """What the client sends."""
    async for message in socket:
        if message.type is WSMsgType.BINARY and message.data and (writer := writers.get(message.data[0])):
            writer.write(message.data[1:])
            with contextlib.suppress(ConnectionError):
                await writer.drain()
