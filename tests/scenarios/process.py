"""An aiops under way, as a process of its own that prints into files."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path


class Process(ABC):
    """Used like a subprocess.Popen; everything printed is in `out` and `err` as long as this is."""

    pid: int

    def __init__(self, out: Path | None = None) -> None:
        folder = Path(tempfile.mkdtemp(prefix="aiops-run-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.out, self.err = out or folder / "out", folder / "err"

    @abstractmethod
    def wait(self, timeout: float | None = None) -> None:
        """Until it has ended; TimeoutExpired where it takes longer, in seconds."""

    @property
    @abstractmethod
    def returncode(self) -> int | None:
        """As of Popen; None while it runs."""

    def poll(self) -> int | None:
        """The exit code, once it has ended."""
        return self.returncode

    def send_signal(self, number: int) -> None:
        """While it runs."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """At once."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it printed, once it has ended."""
        self.wait(timeout)
        return self.out.read_text(), self.err.read_text()


class Spawned(Process):
    """Started as the entry point `aiops` does."""

    def __init__(self, words: tuple[str, ...], folder: Path, environ: Mapping[str, str], out: Path | None) -> None:
        super().__init__(out)
        with self.out.open("w") as stdout, self.err.open("w") as stderr:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", "aiops", *words], cwd=folder, env=environ,
                stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
            )  # fmt: skip
        self.pid = self._popen.pid

    def wait(self, timeout: float | None = None) -> None:
        """By Popen."""
        self._popen.wait(timeout)

    @property
    def returncode(self) -> int | None:
        """By Popen."""
        return self._popen.poll()


class Forks:
    """The process from which runs are forked (forks.py); thread-safe."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.scenarios.forks"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._changed = threading.Condition()
        self._born: list[int] = []
        self._codes: dict[int, int] = {}
        self._order = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def fork(self, order: Mapping[str, object]) -> int:
        """The process id of a new run."""
        assert self._server.stdin is not None
        with self._order:
            self._server.stdin.write(json.dumps(order) + "\n")
            self._server.stdin.flush()
            with self._changed:
                self._changed.wait_for(lambda: self._born)
                return self._born.pop()

    def code(self, pid: int, timeout: float | None) -> int | None:
        """The exit code of a run, within so many seconds; None where it goes on."""
        with self._changed:
            self._changed.wait_for(lambda: pid in self._codes, timeout)
            return self._codes.get(pid)

    def close(self) -> None:
        """What still runs goes on by itself."""
        self._server.communicate()

    def _listen(self) -> None:
        assert self._server.stdout is not None
        for line in self._server.stdout:
            pid, *code = json.loads(line)
            with self._changed:
                if code:
                    self._codes[pid] = code[0]
                else:
                    self._codes.pop(pid, None)
                    self._born.append(pid)
                self._changed.notify_all()


class Forked(Process):
    """Forked from a process that has loaded aiops already."""

    def __init__(
        self, forks: Forks, words: tuple[str, ...], folder: Path, environ: Mapping[str, str], out: Path | None
    ) -> None:
        super().__init__(out)
        for each in (self.out, self.err):
            each.write_bytes(b"")  # at once: who reads along must not find what a run before left
        files = {"out": str(self.out), "err": str(self.err)}
        self._forks = forks
        self.pid = forks.fork({"words": words, "folder": str(folder), "environ": dict(environ), **files})

    def wait(self, timeout: float | None = None) -> None:
        """As the forking process tells."""
        if self._forks.code(self.pid, timeout) is None:
            raise subprocess.TimeoutExpired("aiops", timeout or 0.0)

    @property
    def returncode(self) -> int | None:
        """As the forking process tells."""
        return self._forks.code(self.pid, 0.0)
