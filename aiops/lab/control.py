"""A word from another process to a lab that runs: over a unix socket, which the permissions of its folder guard."""

import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from aiops.lab.api.kinds import Json

SOCKET = "control.sock"
ANSWERS_S = 30.0
Answer = Callable[[Json], Json]
"""What comes of a word; ValueError where it makes no sense."""


class NotRunning(Exception):
    """No lab runs in the folder."""


class Running(Exception):
    """A lab runs in the folder already."""


@contextmanager
def listening(folder: Path, answer: Answer) -> Iterator[None]:
    """Answer the words of others meanwhile, one after the other; Running where another lab does so in this folder."""
    path = folder / SOCKET
    try:
        ask(folder, {})
        raise Running
    except NotRunning:
        path.unlink(missing_ok=True)  # of a lab that was killed

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            try:
                said = answer(json.loads(self.rfile.readline()))
            except Exception as error:  # noqa: BLE001 - told to who asked, and the lab goes on
                said = {"error": str(error) or type(error).__name__}
            self.wfile.write(json.dumps(said).encode() + b"\n")

    with socketserver.UnixStreamServer(str(path), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            path.unlink(missing_ok=True)


def ask(folder: Path, word: Json) -> Json:
    """What the lab in a folder answers; NotRunning where there is none, ValueError where it makes no sense to it."""
    with closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(ANSWERS_S)
        try:
            connection.connect(str(folder / SOCKET))
            connection.sendall(json.dumps(word).encode() + b"\n")
            with connection.makefile("rb") as answer:
                line = answer.readline()
        except OSError as error:
            raise NotRunning from error
    if not line:  # it is about to end
        raise NotRunning
    said: Json = json.loads(line)
    if "error" in said:
        raise ValueError(said["error"])
    return said
