"""`history` and `runbook`, from their words to their exit codes; neither needs a config or a cluster."""

from collections.abc import Callable
from pathlib import Path

import pytest

from aiops import runbooks
from tests.cli.shell import Outcome, Shell
from tests.progress.journals import DONE, recorded, run_id

Run = Callable[..., Outcome]
SLUG = "default-storage-class"


@pytest.fixture
def nowhere(tmp_path: Path) -> Shell:
    """An operator who has nothing yet: no checkout, no kubeconfig."""
    (tmp_path / "empty").mkdir()
    return Shell(tmp_path / "empty", {"XDG_STATE_HOME": str(tmp_path / "state")})


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "aiops" / "runs"


def test_history_needs_nothing_and_leaves_nothing(nowhere: Shell) -> None:
    outcome = nowhere("history")
    assert outcome.code == 0
    assert outcome.out == "✔ no run is recorded on this machine\n"
    assert not (nowhere.folder.parent / "state").exists()
    assert list(nowhere.folder.iterdir()) == []


def test_a_runbook_needs_nothing_and_is_its_file_in_a_pipe(nowhere: Shell) -> None:
    outcome = nowhere("runbook", SLUG)
    assert outcome.code == 0
    assert outcome.out == runbooks.read(SLUG).text


def test_history_lists(inside: Run, runs: Path) -> None:
    for number in range(21):
        recorded(runs, number)
    assert "the newest 20 of 21 runs" in inside("history").out
    assert "the newest 2 of 21 runs" in inside("history", "--limit", "2").out


def test_history_tells_a_run_again(inside: Run, runs: Path) -> None:
    recorded(runs, 0, DONE)
    outcome = inside("history", "last")
    assert outcome.code == 0
    assert f"run {run_id(0)}: aiops wait on lab\n" in outcome.out
    assert "! profile serving stands (2 warnings)\n" in outcome.out


def test_history_is_one_document(inside: Run, runs: Path) -> None:
    recorded(runs, 0, DONE)
    listed, again = inside("history", "-o", "json").document["result"], inside("history", "last", "-o", "json").document
    assert listed["runs"][0]["began"] == "2026-01-31T12:00:00.000+00:00"
    assert (again["exitCode"], again["result"]["ended"]["warnings"], again["result"]["endedAs"]) == (0, 2, "Waited")


def test_runbooks_are_listed(inside: Run) -> None:
    listed = [line.split(maxsplit=2)[1:] for line in inside("runbook").out.splitlines() if SLUG in line]
    assert listed == [[SLUG, runbooks.read(SLUG).title]]


def test_a_runbook_is_one_document(inside: Run) -> None:
    result = inside("runbook", SLUG, "-o", "json").document["result"]
    assert (result["slug"], result["text"]) == (SLUG, runbooks.read(SLUG).text)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["history", "lsat"], "no run `lsat`; did you mean `last`?"),
        (["runbook", "default-storage"], f"no runbook `default-storage`; did you mean `{SLUG}`?"),
        (["history", "--limit", "0"], "0 is not in the range"),
    ],
)
def test_a_wrong_word_is_exit_2(inside: Run, runs: Path, words: list[str], message: str) -> None:
    recorded(runs, 0)
    outcome = inside(*words)
    assert outcome.code == 2
    assert message in outcome.err
