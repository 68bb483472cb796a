"""Child processes: each ends by its deadline, and none outlives aiops."""

import atexit
import contextlib
import os
import signal
import subprocess

GRACE_S = 0.3
"""For a program to remove its lock files, once it is told to end."""
RUNNING: "set[subprocess.Popen[bytes]]" = set()
"""Daemon threads leave theirs behind, as at Ctrl-C."""


def communicate(process: "subprocess.Popen[bytes]", stdin: bytes, timeout_s: float) -> tuple[bytes, bytes]:
    """Both outputs; subprocess.TimeoutExpired when it is late. However this ends, nothing of the process and its
    children is left: it must be the leader of a group of its own."""
    RUNNING.add(process)
    with process:
        try:
            return process.communicate(stdin, timeout=timeout_s)
        finally:
            _end(process)
            RUNNING.discard(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
        os.killpg(process.pid, signal.SIGKILL)


@atexit.register
def _end_all() -> None:
    for process in tuple(RUNNING):
        _end(process)
