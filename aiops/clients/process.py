"""Child processes: each ends by its deadline, and none outlives aiops."""

import atexit
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

GRACE_S = 0.3
"""For a program to remove its lock files, once it is told to end."""
RUNNING: "set[subprocess.Popen[Any]]" = set()
"""Daemon threads leave theirs behind, as at Ctrl-C."""
_STARTING = Lock()
"""Held from before a program runs until it is one of `RUNNING`."""


def start(words: Sequence[str], environ: Mapping[str, str], folder: Path | None = None) -> "subprocess.Popen[bytes]":
    """A program in a group of its own, which no terminal reaches; FileNotFoundError where there is none."""
    with _STARTING:
        process = subprocess.Popen(  # noqa: S603 - no shell; who calls knows the words
            words, cwd=folder, env=environ, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
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
    """A program that leads a group, and that group, if it has not ended yet."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
        os.killpg(process.pid, signal.SIGKILL)


@atexit.register
def _end_all() -> None:
    with _STARTING:
        running = tuple(RUNNING)
    for process in running:
        end(process)
