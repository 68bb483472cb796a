"""Which cluster the scenarios run on, and the hands of the operator in them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from tests.scenarios.cluster import Cluster, RealCluster
from tests.scenarios.repository import Repository

LONGEST_S = 600
# a shell's background job ignores SIGINT, and so would every aiops that it starts
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Scenarios need a cluster that somebody chose; without one they are no part of the run."""
    chosen = config.getoption("--cluster")
    return True if not chosen and collection_path.name.startswith("test_") else None


@dataclass
class Outcome:
    """How a command ended; its repr is what a failing assertion shows."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything it printed."""
        return self.out + self.err

    @property
    def document(self) -> dict[str, Any]:
        """The document of `-o json`."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    def __repr__(self) -> str:
        return f"aiops {' '.join(self.words)}\n--- exit {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}---"


@dataclass
class Operator:
    """Runs aiops as a process of its own, in a checkout, with the least rights."""

    cluster: Cluster
    repository: Repository

    @property
    def state(self) -> Path:
        """Its own state folder, in which the journals are: XDG_STATE_HOME."""
        return self.repository.work.with_name("state")

    def start(
        self,
        *words: str,
        environ: Mapping[str, str] | None = None,
        stdout: IO[str] | int = subprocess.PIPE,
        folder: Path | None = None,
    ) -> "subprocess.Popen[str]":
        """A command that is under way, in the checkout or in another folder."""
        base = {key: value for key, value in os.environ.items() if not key.startswith(("ARGOCD_", "KUBE", "AIOPS_"))}
        return subprocess.Popen(
            [sys.executable, "-m", "aiops", *words],  # what the entry point `aiops` does
            cwd=folder or self.repository.work,
            env={**base, "XDG_STATE_HOME": str(self.state), **self.cluster.environ(), **(environ or {})},
            stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def finish(self, process: "subprocess.Popen[str]", *words: str) -> Outcome:
        """Its outcome."""
        out, err = process.communicate(timeout=LONGEST_S)
        return self.check(Outcome(words, process.returncode, out, err))

    def check(self, outcome: Outcome) -> Outcome:
        """What holds of every outcome: no secret of the cluster in it, and no traceback."""
        assert not [secret for secret in self.cluster.secrets() if secret in outcome.text], outcome
        assert "Traceback" not in outcome.text, outcome
        return outcome

    def __call__(self, *words: str, environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Outcome:
        """Run a command to its end."""
        return self.finish(self.start(*words, environ=environ, folder=folder), *words)


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The chosen cluster; it is emptied by who needs it empty."""
    assert request.config.getoption("--cluster") == "real"
    home = Path(os.environ.get("REALSTACK_HOME", Path.home() / ".cache" / "realstack"))
    real = RealCluster(home)
    yield real
    real.down()


@pytest.fixture
def run(cluster: Cluster, tmp_path: Path) -> Operator:
    """An operator before an empty cluster."""
    cluster.empty()
    return Operator(cluster, Repository(tmp_path, cluster.context))


@pytest.fixture(scope="module")
def bare(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """An operator before an empty cluster, the same on which the module's platform comes to stand."""
    cluster.empty()
    return Operator(cluster, Repository(tmp_path_factory.mktemp("platform"), cluster.context))


@pytest.fixture(scope="module")
def standing(bare: Operator) -> Operator:
    """An operator whose platform stands at profile full; shared by a module, whose tests put back what they change."""
    for words in (("root", "--profile", "full"), ("wait", "--profile", "full")):
        outcome = bare(*words)
        assert outcome.code == 0, outcome
    return bare


@pytest.fixture
def changed(standing: Operator) -> Iterator[Callable[..., str]]:
    """Edit files of the standing platform and push; it is put back afterwards, and stands again."""
    pushed: list[str] = []

    def change(*edits: tuple[str, Callable[[str], str]]) -> str:
        for path, edit in edits:
            standing.repository.edit(path, edit)
        pushed.append(standing.repository.push())
        return pushed[-1]

    yield change
    standing.repository.undo(len(pushed))
    if pushed:
        outcome = standing("wait", "--profile", "full")
        assert outcome.code == 0, outcome
