"""A lab from the outside: one at a time, its kubeconfig, its faults, and that nothing of the operator's is touched."""

import re
import shlex
import signal
import socket
import stat
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from aiops.cli.lab_platform import PACKAGED, prepare
from aiops.lab import repository
from tests.cli.shell import Shell
from tests.operations.checkout import checkout
from tests.scenarios.cluster import ROOT
from tests.scenarios.repository import SAMPLE_URL


@pytest.fixture
def operator(tmp_path: Path) -> Shell:
    """In an empty folder, with a kubeconfig of a cluster that must not be asked."""
    folder = tmp_path / "home"
    folder.mkdir()
    return Shell(folder, {"KUBECONFIG": "/nowhere", "XDG_STATE_HOME": str(tmp_path / "state")})


@dataclass
class Up:
    """A lab that runs."""

    process: "subprocess.Popen[str]"
    lines: list[str]

    @property
    def environ(self) -> dict[str, str]:
        """What its lines export."""
        words = (shlex.split(line)[1] for line in self.lines if line.startswith("export "))
        return dict(word.split("=", 1) for word in words)


def up(operator: Shell, *words: str) -> Up:
    """Start one, and read what it prints until it has said all."""
    process = operator.start("lab", "up", *words)
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or "Ctrl-C" not in lines[-1]:
        line = process.stdout.readline()
        assert line, process.communicate()
        lines.append(line)
    return Up(process, lines)


@pytest.fixture
def lab(operator: Shell) -> Iterator[Up]:
    found = up(operator)
    yield found
    found.process.kill()
    found.process.communicate()


def test_it_says_that_it_is_one_and_what_lets_another_terminal_use_it(operator: Shell, lab: Up, tmp_path: Path) -> None:
    assert lab.lines[0].startswith("# a lab: everything is simulated")
    kubeconfig = Path(lab.environ["KUBECONFIG"])
    assert kubeconfig.is_relative_to(tmp_path / "state")
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    assert stat.S_IMODE(kubeconfig.parent.stat().st_mode) == 0o700
    seen = operator("doctor", "--only", "cluster", "--only", "git", environ=lab.environ)
    assert seen.code == 0, seen


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_its_end_leaves_nothing(operator: Shell, lab: Up, tmp_path: Path, number: int, code: int) -> None:
    lab.process.send_signal(number)
    outcome = operator.finish(lab.process)
    assert (outcome.code, outcome.err) == (code, "")
    assert "the lab has ended" in outcome.out
    assert not (tmp_path / "state" / "aiops" / "lab").exists()


def test_there_is_one_at_a_time(operator: Shell, lab: Up) -> None:
    second = operator("lab", "up")
    assert (second.code, second.err.splitlines()[0]) == (2, "✗ a lab runs already")
    assert operator("lab", "faults").code == 0, "and the first one goes on"


def test_one_that_was_killed_stands_in_nobodys_way(operator: Shell, lab: Up) -> None:
    lab.process.kill()
    lab.process.communicate()
    again = up(operator)
    again.process.terminate()
    assert operator.finish(again.process).code == 143


def test_a_fault_is_on_until_it_is_cleared(operator: Shell, lab: Up) -> None:
    def on() -> list[str]:
        rows = operator("lab", "faults", "-o", "json").document["result"]["faults"]
        return [row["slug"] for row in rows if row["on"]]

    assert on() == []
    assert operator("lab", "fault", "default-storage-class").code == 0
    assert operator("lab", "fault", "default-storage-class").code == 0, "on already"
    assert on() == ["default-storage-class"]
    named = operator("doctor", "--only", "storage", environ=lab.environ)
    assert (named.code, "none of the StorageClasses is the default" in named.out) == (3, True), named
    assert operator("lab", "fault", "default-storage-class", "--clear").code == 0
    assert on() == []
    assert operator("doctor", "--only", "storage", environ=lab.environ).code == 0


def test_faults_can_be_listed_without_a_lab(operator: Shell) -> None:
    outcome = operator("lab", "faults")
    assert (outcome.code, "no lab runs" in outcome.out, "nodes-ready" in outcome.out) == (0, True, True)


@pytest.mark.parametrize(
    ("words", "says", "hint"),
    [
        (["lab", "fault", "nodes-ready"], "no lab runs", "aiops lab up"),
        (["lab", "fault", "nodes-redy"], "no fault `nodes-redy`; did you mean `nodes-ready`?", "`aiops lab faults`"),
        (["lab", "fault", "config-valid"], "a fault of your own files", "aiops rehearse --fault config-valid"),
        (["rehearse", "--fault", "nodes-redy"], "no fault `nodes-redy`; did you mean", "`aiops lab faults` lists them"),
        (["rehearse", "--tree", "."], "no config file is at any of these places", "--config"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_what_to_do(
    operator: Shell, words: list[str], says: str, hint: str
) -> None:
    outcome = operator(*words)
    assert (outcome.code, says in outcome.err, hint in outcome.err) == (2, True, True), outcome


def test_a_port_that_is_taken_is_named(operator: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        outcome = operator("lab", "up", "--port", str(taken.getsockname()[1]))
    assert (outcome.code, "Address already in use" in outcome.err) == (2, True), outcome


def test_a_push_from_the_terminal_goes_to_the_lab(operator: Shell, tmp_path: Path) -> None:
    """And Argo CD reads the checkout's own commit in place of what the real server has."""
    tree = committed(tmp_path / "tree")
    repository.git(tree, "remote", "add", "origin", "git@git.example.com:acme/platform.git")
    found = up(operator, "--tree", str(tree))
    environ = {**found.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}
    assert "AIOPS_CONFIG" not in environ, "his own checkout is the one to work in"
    try:
        head = repository.git(tree, "rev-parse", "HEAD")
        assert repository.git(tree, "ls-remote", SAMPLE_URL, "main", environ=environ).split()[0] == head
        repository.git(tree, "commit", "--allow-empty", "-qm", "one more")
        repository.git(tree, "push", "-q", "origin", "HEAD:main", environ=environ)
        assert repository.git(tree, "ls-remote", "origin", "main", environ=environ).split()[0] != head
    finally:
        found.process.terminate()
        operator.finish(found.process)


def committed(folder: Path) -> Path:
    """The sample tree as a checkout of its own."""
    checkout(folder)
    repository.commit_all(folder, "work")
    return folder


def test_a_checkout_is_read_as_it_was_committed(tmp_path: Path) -> None:
    tree = committed(tmp_path / "tree")
    head = repository.git(tree, "rev-parse", "HEAD")
    repository.git(tree, "checkout", "-q", "--detach")
    (tree / "config.yaml").write_text((tree / "config.yaml").read_text() + "# a change\n")
    platform = prepare(tree / "config.yaml", tmp_path)
    assert (platform.config.tree, platform.copied) == (tree, False)
    assert repository.git(platform.repository, "rev-parse", "main") == head
    assert repository.git(tree, "status", "--porcelain") == "M config.yaml", "nothing of his changed"


def test_what_is_in_no_repository_is_copied(tmp_path: Path) -> None:
    source = checkout(tmp_path / "source")
    platform = prepare(source / "config.yaml", tmp_path / "lab")
    assert platform.copied
    assert platform.config.tree.is_relative_to(tmp_path / "lab")
    assert not (source / ".git").exists()
    assert repository.git(platform.repository, "rev-parse", "main")


def test_an_installed_aiops_has_the_sample() -> None:
    """What pyproject.toml says a wheel has is where an installed one looks, beside its config as in the checkout."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    sample = {name: f"aiops/{PACKAGED}/{name}" for name in ("config.yaml", "platform")}
    assert sample.items() <= wheel["force-include"].items()


# --- rehearse


def test_a_rehearsal_is_a_bring_up_that_says_that_it_is_none(operator: Shell, tmp_path: Path) -> None:
    """And nothing is left of it but its journal, which says by its command what it was."""
    outcome = operator("rehearse", "--profile", "platform")
    lines = outcome.out.splitlines()
    assert outcome.code == 0, outcome
    assert "on a lab: everything is simulated, and its clock runs" in lines[0], lines[0]
    assert re.fullmatch(r". target +0s +done: context aiops-lab \(127.0.0.1:\d+\), a lab: everything is simulated",
                        next(line for line in lines if " target  " in line))  # fmt: skip
    assert re.search(r"profile platform is up after \d+ s", lines[-1])
    assert list((tmp_path / "state" / "aiops" / "rehearsals").iterdir()) == []
    assert "rehearse --profile platform" in operator("history").out


def test_a_rehearsal_asks_no_cluster_of_the_operators(tmp_path: Path) -> None:
    """Neither his config's context, nor his kubeconfig, nor his Argo CD, nor the git server."""
    tree = committed(tmp_path / "tree")
    config = (tree / "config.yaml").read_text().replace("context: here", "context: production")
    (tree / "config.yaml").write_text(f"{config}  argocd: {{ server: argocd.example.com }}\n")
    repository.git(tree, "commit", "-qam", "Of production")
    environ = {
        "KUBECONFIG": "/nowhere", "ARGOCD_AUTH_TOKEN": "secret", "ARGOCD_SERVER": "argocd.example.com",
        "HTTPS_PROXY": "http://127.0.0.1:1", "XDG_STATE_HOME": str(tmp_path / "state"),
    }  # fmt: skip
    outcome = Shell(tree, environ)("rehearse", "--profile", "platform", "-o", "json")
    assert (outcome.code, outcome.document["exitCode"]) == (0, 0), outcome
    assert outcome.document["context"].startswith("context aiops-lab (127.0.0.1:")
    assert outcome.document["result"]["type"] == "BroughtUp"
    assert "everything is simulated" in outcome.err.splitlines()[0]


def test_what_goes_wrong_in_a_rehearsal_is_named(operator: Shell) -> None:
    outcome = operator("rehearse", "--profile", "platform", "--fault", "default-storage-class")
    assert (outcome.code, "✗ prerequisites: default-storage-class: none of the" in outcome.out) == (3, True), outcome
    assert "aiops lab up" in outcome.out
    assert "aiops bring-up" not in outcome.out, "there is nothing to go on with"


def test_what_is_not_committed_is_refused(tmp_path: Path) -> None:
    tree = committed(tmp_path / "tree")
    with (tree / "clusters/lab/groups.generated.yaml").open("a") as file:
        file.write("# by hand\n")
    outcome = Shell(tree, {"XDG_STATE_HOME": str(tmp_path / "state")})("rehearse")
    assert (outcome.code, "groups-file" in outcome.out) == (3, True), outcome


def test_without_git_a_tree_is_rehearsed_as_it_lies_there(operator: Shell) -> None:
    outcome = operator("rehearse", "--profile", "platform", environ={"PATH": "/nowhere"})
    assert outcome.code == 0, outcome
