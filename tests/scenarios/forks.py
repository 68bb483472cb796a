"""A process that has loaded aiops, and forks itself for each run of it: half a second less for each of a thousand.

It reads an order a line from stdin and answers `[pid]`; where a run has ended, `[pid, exit code]`.
"""

import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import traceback
from typing import Any

LIBRARIES = (
    "kubernetes.client", "kubernetes.config", "urllib3", "httpcore", "websocket", "yaml", "tenacity",
    "rich.console", "rich.table", "rich.live", "argocd_python_client.api.application_service_api",
)  # fmt: skip
"""What runs of aiops load late."""


def load() -> None:
    """Import aiops and its libraries."""
    import aiops

    for module in pkgutil.walk_packages(aiops.__path__, "aiops."):
        if not module.name.startswith(("aiops.__main__", "aiops.lab")):
            importlib.import_module(module.name)
    for name in LIBRARIES:
        importlib.import_module(name)


def serve() -> None:
    """Until stdin ends."""
    load()
    gc.collect()
    gc.freeze()  # or each child would copy all of it
    waker, woken = socket.socketpair()
    for each in (waker, woken):
        each.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker.fileno())
    ready = selectors.DefaultSelector()
    ready.register(0, selectors.EVENT_READ)
    ready.register(woken, selectors.EVENT_READ)
    rest = b""
    while True:
        for key, _ in ready.select():
            if key.fileobj is woken:
                woken.recv(4096)
                bury()
                continue
            data = os.read(0, 1 << 16)
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                fork(json.loads(line))


def fork(order: dict[str, Any]) -> None:
    """A child that becomes what the entry point would be."""
    pid = os.fork()
    if pid:
        say(pid)
        return
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for path, flags, number in (
        (os.devnull, os.O_RDONLY, 0), (order["out"], os.O_WRONLY | os.O_TRUNC, 1), (order["err"], os.O_WRONLY, 2),
    ):  # fmt: skip
        os.dup2(os.open(path, flags), number)
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(order["folder"])
    sys.argv = ["aiops", *order["words"]]
    from aiops.__main__ import main

    code = 1
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - as the interpreter would
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # to take a whole interpreter apart would cost as much as the run


def bury() -> None:
    """Tell of those that have ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        say(pid, os.waitstatus_to_exitcode(status))


def say(*numbers: int) -> None:
    """A line to who asked."""
    os.write(1, json.dumps(numbers).encode() + b"\n")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve()
