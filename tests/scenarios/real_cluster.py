"""tests/real/realstack: real control plane, real Argo CD, simulated pods."""

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.scenarios.cluster import ROOT, Cluster, eventually, get
from tests.scenarios.process import Process, Spawned

PACE = {"SIM_NODE_S": "2", "SIM_IDLE_S": "4"}
"""Seconds until a GPU node joins, and until an idle one leaves."""


@contextmanager
def _alone() -> Iterator[None]:
    """One stack starts at a time: each takes ports that are free when it looks, and opens them seconds later."""
    with (Path(tempfile.gettempdir()) / "realstack-starts").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class RealCluster(Cluster):
    """Ten seconds to start."""

    context = "realstack"

    def start(self) -> dict[str, str]:
        """Its environment is what the stack prints."""
        self.down()
        with _alone():
            lines = self._stack("up").splitlines()
        exports = (line.removeprefix("export ").partition("=") for line in lines if line.startswith("export "))
        return {key: value for key, _, value in exports}

    def down(self) -> None:
        """By the stack's own command."""
        self._stack("down")

    @contextmanager
    def stalled(self, part: str) -> Iterator[None]:
        """By SIGSTOP."""
        self._stack("freeze", part)
        try:
            yield
        finally:
            self._stack("thaw", part)

    @contextmanager
    def crashed(self, part: str) -> Iterator[None]:
        """By SIGKILL."""
        self._stack("stop", part)
        try:
            yield
        finally:
            self._stack("start", part)

    def until_old(self, kind: str, name: str, namespace: str, seconds: float) -> None:
        """Nobody can write when an object was created: this waits."""

        def is_so() -> bool:
            created = get(self, kind, name, namespace)["metadata"]["creationTimestamp"]
            return (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds() > seconds

        eventually(self, f"{kind} {name} is {seconds:.0f} s old", is_so, within_s=seconds + 60)

    def unserved(self) -> list[str]:
        """It has everything."""
        return []

    def run(self, words: tuple[str, ...], folder: Path, environ: Mapping[str, str], out: Path | None) -> Process:
        """As an operator starts it."""
        return Spawned(words, folder, environ, out)

    def _stack(self, *words: str) -> str:
        script = ROOT / "tests" / "real" / "realstack"
        done = subprocess.run([sys.executable, str(script), *words], capture_output=True, text=True, check=False,
                              env={**os.environ, **PACE, "REALSTACK_HOME": str(self.home)}, timeout=3600)  # fmt: skip
        if done.returncode:
            raise AssertionError(f"realstack {' '.join(words)}: {done.stderr[-2000:]}")
        return done.stdout
