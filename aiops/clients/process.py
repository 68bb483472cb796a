"""Child processes: each ends by its deadline, and none outlives aiops."""

import atexit
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

GRACE_S = 0.3
"""For a program to remove its lock files, once it is told to end."""
RUNNING: "set[subprocess.Popen[Any]]" = set()
"""Daemon threads leave theirs behind, as at Ctrl-C."""
Running = TypeVar("Running", bound="subprocess.Popen[Any]")
_STARTING = Lock()
"""Held from before a program runs until it is one of `RUNNING`."""


def start(words: Sequence[str], environ: Mapping[str, str], folder: Path | None = None) -> "subprocess.Popen[bytes]":
    """A program in a group of its own, which no terminal reaches; FileNotFoundError where there is none."""
    return started(
        lambda: subprocess.Popen(  # noqa: S603 - no shell; who calls knows the words
            words, cwd=folder, env=environ, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
    )  # fmt: skip


def started(make: Callable[[], Running]) -> Running:
    """The process that is made, which does not outlive aiops."""
    with _STARTING:
        process = make()
        RUNNING.add(process)
    return process


def communicate(process: "subprocess.Popen[bytes]", stdin: bytes, timeout_s: float) -> tuple[bytes, bytes]:
    """Both outputs; subprocess.TimeoutExpired when it is late. However this ends, nothing of the process, which
    `start` made, and of its children is left."""
    with process:
        try:
            return process.communicate(stdin, timeout=timeout_s)
        finally:
            end(process)
            RUNNING.discard(process)


def end(process: "subprocess.Popen[Any]") -> None:
    """A process that has not ended yet, and where it leads a group, all of that."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        leads = os.getpgid(process.pid) == process.pid
        send = partial(os.killpg, process.pid) if leads else process.send_signal
        send(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
        send(signal.SIGKILL)


@atexit.register
def _end_all() -> None:
    _STARTING.acquire()  # for good: a thread that waited for one of these may not start another
    for process in tuple(RUNNING):
        end(process)
