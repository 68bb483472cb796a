"""`journal`: a run is kept, it stays small, and it never fails what it records."""

import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from aiops.progress import events
from aiops.progress.events import Change, Event, Failed, Looked, Planned, RunStarted, Said
from aiops.progress.journal import FILE_BYTES, RUNS, fit, journal
from aiops.progress.jsonl import jsonl
from aiops.progress.recall import event_of
from aiops.progress.remembered import LINE_BYTES
from aiops.progress.results import Resolved, Waited
from tests.progress.journals import DONE, run_id
from tests.progress.looks import look, row

RUN = run_id(0)
STARTED = RunStarted(run=RUN, command="wait")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "aiops" / "runs"


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / f"{RUN}.jsonl").read_text().splitlines()]


def names(folder: Path) -> list[str]:
    return [line["event"] for line in lines(folder)]


def fitted(event: Event) -> Event | None:
    """What is read of an event after its line was made to fit; None where nothing was written."""
    written: list[str] = []
    jsonl(written.append)(event)
    text = fit(written[0])
    assert len(text) <= LINE_BYTES
    assert text.count("\n") == text.endswith("\n")
    entry = json.loads(text) if text else {"event": ""}
    return event_of(entry["event"], entry)


@contextmanager
def a_full_disk(at: int) -> Iterator[None]:
    """No file can grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (at, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_each_event_is_in_the_file_at_once(folder: Path) -> None:
    with journal(folder, RUN) as report:
        report(STARTED)
        assert names(folder) == ["RunStarted"]
        report(DONE)
        assert names(folder) == ["RunStarted", "Waited"]
    assert report.trouble == ""


def test_looks_are_those_of_jsonl(folder: Path) -> None:
    with journal(folder, RUN) as report:
        for second in range(61):
            report(look(second, row("keda", since_s=second)))
    assert [line["elapsedS"] for line in lines(folder)] == [0, 30, 60]


@pytest.mark.parametrize("umask", [0o000, 0o377])
def test_nobody_else_can_read_it_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    folder, before = tmp_path / "runs", os.umask(umask)
    try:
        with journal(folder, RUN) as report:
            report(STARTED)
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / f"{RUN}.jsonl").stat().st_mode & 0o777 == 0o600


def test_nor_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fchmod", lambda *_: None)
    before = os.umask(0)
    try:
        with journal(tmp_path, RUN):
            assert (tmp_path / f"{RUN}.jsonl").stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


def test_a_folder_that_others_could_read_is_closed(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o755)
    with journal(folder, RUN):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_the_newest_are_kept_and_what_is_not_ours_is_left(folder: Path) -> None:
    folder.mkdir(parents=True)
    for number in range(RUNS + 5):
        (folder / f"{run_id(number)}.jsonl").touch()
    foreign = {"notes.txt", "a.jsonl", f"{run_id(0)}.jsonl.bak", f"my-{run_id(0)}.jsonl"}
    for name in foreign:
        (folder / name).touch()
    newest = run_id(RUNS + 5)
    with journal(folder, newest):
        left = {file.name for file in folder.iterdir()}
    assert left == foreign | {f"{run_id(number)}.jsonl" for number in range(6, RUNS + 6)}


def test_a_long_run_goes_on_without_looks(folder: Path) -> None:
    text = Said(text="x" * 60_000)
    with journal(folder, RUN) as report:
        report(look(0, row("keda")))
        for _ in range(FILE_BYTES // 60_000 + 1):
            report(text)
        report(look(1, row("keda", "settled")))
        report(text)
        report(DONE)
    assert names(folder).count("Looked") == 1
    assert names(folder)[-2:] == ["Said", "Waited"]


def test_texts_that_are_too_long_lose_their_ends() -> None:
    changes = tuple(Change(kind="AppProject", name=f"{n}", action="create", diff="+a" * 20_000) for n in range(5))
    planned = fitted(Planned(profile="full", layers=("platform",), changes=changes, groups=("core",)))
    assert isinstance(planned, Planned)
    assert [change.name for change in planned.changes] == list("01234")
    assert planned.changes[0].diff.startswith("+a+a")
    assert planned.changes[0].diff.endswith(" ...")


def test_rows_lose_what_is_beneath_them_before_they_go_themselves() -> None:
    rows = tuple(row(f"app-{number}", evidence=("x" * 900,) * 2) for number in range(65))
    looked, waited = fitted(look(0, *rows)), fitted(Waited(summary="out of time", profile="full", rows=rows))
    assert isinstance(looked, Looked)
    assert isinstance(waited, Waited)
    assert [each.name for each in looked.rows] == [each.name for each in waited.rows] == [each.name for each in rows]
    assert looked.rows[0].evidence == ()


MANY = tuple(row(f"app-{number}", detail="x" * 900) for number in range(500))


def test_a_result_that_is_too_long_keeps_how_it_ended() -> None:
    end: dict[str, Any] = {"summary": "out of time", "exit_code": 4, "warnings": 2, "hint": "aiops wait"}
    paid = (events.Paid(what="Deployment serving/llama"),)
    waited = fitted(Waited(**end, profile="full", rows=MANY, revisions=(("main", "1a2b"),), paid=paid))
    assert waited == Waited(**end, profile="full", rows=(), revisions=(("main", "1a2b"),), paid=paid)


def test_a_look_that_is_too_long_is_not_written_for_fewer_rows_would_be_wrong() -> None:
    assert fitted(look(0, *MANY)) is None


@pytest.mark.parametrize(
    "event",
    [
        Said(text="🦙" * LINE_BYTES),
        Failed(kind="Refused", summary="🦙" * LINE_BYTES, hint="🦙" * LINE_BYTES, exit_code=3),
        Resolved(file="🦙" * 999, summary="🦙" * LINE_BYTES, hint="🦙" * 999, diff="🦙" * LINE_BYTES, changed=True,
                 written=False, notes=(("warn", "🦙" * 999),) * 99),
        RunStarted(run=RUN, command="🦙" * LINE_BYTES, context="🦙" * LINE_BYTES),
    ],
    ids=lambda event: type(event).__name__,
)  # fmt: skip
def test_whatever_is_said_fits(event: Event) -> None:
    assert type(fitted(event)) is type(event)


@pytest.mark.parametrize("longer", [-1, 0, 1])
def test_the_longest_line_is_as_long_as_that(longer: int) -> None:
    written: list[str] = []
    jsonl(written.append)(Said(text=""))
    text = "x" * (LINE_BYTES - len(written[0]) - 1 + longer)
    assert (fitted(Said(text=text)) == Said(text=text)) is (longer <= 0)


def in_the_way(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.touch()


def twice(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / f"{RUN}.jsonl").write_text("of another\n")


@pytest.mark.parametrize(("prepare", "reason"), [(in_the_way, "File exists"), (twice, "File exists")])
def test_where_it_cannot_begin_the_run_goes_on(folder: Path, prepare: Any, reason: str) -> None:
    prepare(folder)
    with journal(folder, RUN) as report:
        report(STARTED)
        report(DONE)
    assert report.trouble == f"not all of this run is recorded: {folder / RUN}.jsonl: {reason}"
    assert folder.is_file() or (folder / f"{RUN}.jsonl").read_text() == "of another\n"


def test_from_a_full_disk_on_it_is_silent(folder: Path) -> None:
    with journal(folder, RUN) as report:
        report(STARTED)
        with a_full_disk(500):
            report(Said(text="x" * 1000))
        first = report.trouble
        report(DONE)
    assert first == report.trouble == f"not all of this run is recorded: {folder / RUN}.jsonl: File too large"
    text = (folder / f"{RUN}.jsonl").read_text()
    assert len(text) == 500
    assert "Waited" not in text


def test_a_bug_in_it_fails_no_run(folder: Path) -> None:
    with journal(folder, RUN) as report:
        report(Said(text=object()))  # type: ignore[arg-type]
    assert report.trouble.endswith("TypeError: Object of type object is not JSON serializable")


def test_an_error_of_the_run_is_its_own(folder: Path) -> None:
    with pytest.raises(OSError, match="of the run"), journal(folder, RUN) as report:  # noqa: PT012
        report(STARTED)
        raise OSError("of the run")
    assert report.trouble == ""
    assert names(folder) == ["RunStarted"]


def test_a_user_without_a_home_has_no_journal_and_no_folder_called_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with journal(Path("~/.local/state/aiops/runs"), RUN) as record:
        record(Said(text="on it goes"))
    assert "set XDG_STATE_HOME" in record.trouble
    assert list(tmp_path.iterdir()) == []
