"""Which cluster the scenarios run on, and the hands of the operator in them."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.cluster import Cluster
from tests.scenarios.lab_cluster import LabCluster
from tests.scenarios.process import Process
from tests.scenarios.real_cluster import RealCluster
from tests.scenarios.repository import Repository

LONGEST_S = 600
# a shell's background job ignores SIGINT, and so would every aiops that it starts
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Scenarios come first, as they wait most; those of a module share a platform, and so a worker of pytest-xdist."""
    here = [item for item in items if item.path.parent == Path(__file__).parent]
    items[:] = here + [item for item in items if item not in here]
    missing = [program for program in ("kubectl", "git") if shutil.which(program) is None]
    for item in here:
        if "standing" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
        if missing:
            item.add_marker(pytest.mark.skip(reason=f"no {' and no '.join(missing)} on this machine"))


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
        out: Path | None = None,
        folder: Path | None = None,
    ) -> Process:
        """A command that is under way, in the checkout or in another folder; `out`: for who reads along."""
        base = {key: value for key, value in os.environ.items() if not key.startswith(("ARGOCD_", "KUBE", "AIOPS_"))}
        own = {"XDG_STATE_HOME": str(self.state), **self.cluster.environ(), **(environ or {})}
        return self.cluster.run(words, folder or self.repository.work, {**base, **own}, out)

    def finish(self, process: Process, *words: str) -> Outcome:
        """Its outcome; an AssertionError that shows what it printed where it takes longer than LONGEST_S."""
        try:
            out, err = process.communicate(timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(Outcome(words, -9, *process.communicate())) from None
        return self.check(Outcome(words, process.returncode or 0, out, err))

    def check(self, outcome: Outcome) -> Outcome:
        """What holds of every outcome: no secret of the cluster in it, and no traceback."""
        assert not [secret for secret in self.cluster.secrets() if secret in outcome.text], outcome
        assert "Traceback" not in outcome.text, outcome
        return outcome

    def __call__(self, *words: str, environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Outcome:
        """Run a command to its end."""
        return self.finish(self.start(*words, environ=environ, folder=folder), *words)


def own_home(home: Path, worker: str) -> Path:
    """Where a worker of pytest-xdist has a stack of its own, of the programs that were built for all."""
    if not worker:
        return home
    own = home / "workers" / worker
    own.mkdir(parents=True, exist_ok=True)
    for built in ("bin", "manifests"):
        if not (own / built).exists():
            (own / built).symlink_to(home / built)
    return own


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The chosen cluster; it is emptied by who needs it empty."""
    chosen: Cluster
    if request.config.getoption("--cluster") == "real":
        home = Path(os.environ.get("REALSTACK_HOME", Path.home() / ".cache" / "realstack"))
        chosen = RealCluster(own_home(home, os.environ.get("PYTEST_XDIST_WORKER", "")))
    else:
        chosen = LabCluster(tmp_path_factory.mktemp("lab"))
    yield chosen
    chosen.close()


@pytest.fixture(autouse=True)
def everything_was_served(cluster: Cluster) -> Iterator[None]:
    """A scenario that asked for something which only a real cluster has shows nothing."""
    before = len(cluster.unserved())
    yield
    assert cluster.unserved()[before:] == []


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
