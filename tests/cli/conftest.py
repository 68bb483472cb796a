import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aiops.__main__ import main
from tests.cli.shell import Outcome, Shell
from tests.clients.conftest import kubeconfig
from tests.clients.server import Server, Silence
from tests.operations.checkout import checkout


@pytest.fixture
def aiops(tmp_path: Path) -> Shell:
    """In a checkout of the sample tree, with a kubeconfig whose server nobody is behind."""
    path = kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:1", {"token": "token-of-the-tests"})
    return Shell(checkout(tmp_path / "work"), {"KUBECONFIG": path})


@pytest.fixture
def silent(aiops: Shell, tmp_path: Path) -> Iterator[Server]:
    """Now there is a server, which takes every question and answers none."""
    server = Server()
    server.answer(*[Silence()] * 9)
    kubeconfig(tmp_path / "kubeconfig", server.url, {"token": "token-of-the-tests"})
    yield server
    server.close()


@pytest.fixture
def inside(
    aiops: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Outcome]]:
    """The same in this process: for what depends on words alone."""
    monkeypatch.chdir(aiops.folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(aiops.folder.parent / "state"))
    for name in ("AIOPS_CONFIG", "NO_COLOR", "FORCE_COLOR", "ARGOCD_SERVER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in aiops.environ.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["aiops", *words])
        with pytest.raises(SystemExit) as end:
            main()
        return Outcome(int(end.value.code or 0), *capsys.readouterr())

    before = signal.getsignal(signal.SIGTERM)
    yield run
    signal.signal(signal.SIGTERM, before)
