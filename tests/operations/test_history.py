"""`history`: which run is meant, and what is told of it."""

from pathlib import Path

import pytest

from aiops.errors import CannotTell, WrongUse
from aiops.operations.history import history
from aiops.progress.events import Failed, Said
from aiops.progress.results import Remembered, Replayed
from tests.progress.journals import DONE, recorded, run_id

ANOTHER_DAY = 86_400
REFUSED = Failed(kind="Refused", summary="cannot settle: chat", exit_code=3)


def replayed(folder: Path, run: str) -> Replayed:
    result = history(folder, run, limit=20)
    assert isinstance(result, Replayed)
    return result


def refused(folder: Path, run: str) -> WrongUse:
    with pytest.raises(WrongUse) as refusal:
        history(folder, run, limit=20)
    return refusal.value


def test_where_nothing_is_recorded_that_is_said_and_no_error(tmp_path: Path) -> None:
    assert history(tmp_path, limit=20) == Remembered(summary="no run is recorded on this machine", runs=())


def test_a_run_cannot_be_named_where_nothing_is_recorded(tmp_path: Path) -> None:
    assert refused(tmp_path, "last").message == "no run `last`: none is recorded on this machine"


@pytest.mark.parametrize(
    ("limit", "shown", "summary"),
    [
        (1, [2], "the newest 1 of 3 runs on this machine"),
        (3, [2, 1, 0], "3 runs on this machine"),
        (20, [2, 1, 0], "3 runs on this machine"),
    ],
)
def test_the_newest_are_listed(tmp_path: Path, limit: int, shown: list[int], summary: str) -> None:
    for number in range(3):
        recorded(tmp_path, number)
    result = history(tmp_path, limit=limit)
    assert isinstance(result, Remembered)
    assert [run.run for run in result.runs] == [run_id(number) for number in shown]
    assert (result.summary, result.hint) == (summary, f"aiops history {run_id(2)}")


@pytest.mark.parametrize("word", [run_id(0), run_id(0)[:8], "last"])
def test_a_run_is_told_again(tmp_path: Path, word: str) -> None:
    if word == "last":
        recorded(tmp_path, -ANOTHER_DAY)
    else:
        recorded(tmp_path, ANOTHER_DAY)
    recorded(tmp_path, 0, Said(text="one"), REFUSED)
    result = replayed(tmp_path, word)
    assert result.told == (f"run {run_id(0)}: aiops wait on lab", "one")
    assert (result.ended, result.ended_as) == (REFUSED, "Failed")
    assert (result.exit_code, result.summary) == (0, f"that was run {run_id(0)}: exit code 3")
    assert result.of.seconds == 10.0


def test_a_run_without_an_end_is_told_as_far_as_it_went(tmp_path: Path) -> None:
    recorded(tmp_path, 0, Said(text="one"))
    result = replayed(tmp_path, "last")
    assert (result.told[-1], result.ended, result.ended_as) == ("one", None, "")
    assert result.summary.endswith(": no end is recorded: it was killed, or is still under way")


def test_last_is_the_last_that_can_be_read(tmp_path: Path) -> None:
    recorded(tmp_path, 0, DONE)
    recorded(tmp_path, 1).write_text("")
    assert replayed(tmp_path, "last").of.run == run_id(0)


def test_the_beginning_of_several_is_none(tmp_path: Path) -> None:
    for number in range(5):
        recorded(tmp_path, number)
    assert refused(tmp_path, "2026").message == (
        f"`2026` is the beginning of several runs: {run_id(4)}, {run_id(3)}, {run_id(2)} and 2 more"
    )


@pytest.mark.parametrize(
    ("word", "meant"),
    [("lsat", "; did you mean `last`?"), (run_id(0)[1:], f"; did you mean `{run_id(0)}`?"), ("7", "")],
)
def test_what_is_no_run_is_told_with_what_may_be_meant(tmp_path: Path, word: str, meant: str) -> None:
    recorded(tmp_path, 0)
    assert refused(tmp_path, word).message == f"no run `{word}`{meant}"


@pytest.mark.parametrize("word", ["../secret", "/etc/passwd", "*"])
def test_a_run_is_no_path(tmp_path: Path, word: str) -> None:
    recorded(tmp_path / "runs", 0)
    (tmp_path / "secret.jsonl").write_text("{}")
    assert refused(tmp_path / "runs", word).message == f"no run `{word}`"


def test_what_cannot_be_read_is_not_nothing(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(CannotTell, match=r"cannot be read: .*/runs: Not a directory"):
        history(tmp_path / "runs", limit=20)
