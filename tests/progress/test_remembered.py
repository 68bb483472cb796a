"""The journals are read for what they are worth: half lines, garbage and foreign files are passed over."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from aiops.progress.events import Failed, Paid, RunStarted, Said, StageStarted
from aiops.progress.remembered import LINE_BYTES, events_of, run_ids, runs, runs_folder, told
from aiops.progress.results import Run, Waited
from tests.progress.journals import DONE, NOON, line, recorded, run_id, written
from tests.progress.looks import look, row
from tests.render.results import PLANNED

GARBAGE = [
    "", "{", "null", "[]", "7", '"event"', "[" * 60_000, '{"event": "Said"}', line("Said", at="noon", text="x"),
    line("Said", at="0001-01-01T00:00:00+23:00", text="x"), line("Sung", text="la"), line("Said"),
    '{"event": ["Said"], "at": "2026-01-31T12:00:00+00:00", "text": "x"}',
]  # fmt: skip


def test_they_lie_where_the_state_of_this_user_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert runs_folder() == tmp_path / "aiops" / "runs"


def test_a_run_is_told_by_its_first_and_its_last_line(tmp_path: Path) -> None:
    recorded(tmp_path, 0, DONE, command="wait --profile serving")
    assert runs(tmp_path) == (
        Run(
            run=run_id(0),
            command="wait --profile serving",
            began=NOON,
            ended=NOON + timedelta(seconds=5),
            seconds=5.0,
            exit_code=0,
            summary="profile serving stands",
            warnings=2,
        ),
    )


def test_the_newest_comes_first(tmp_path: Path) -> None:
    for number in (2, 0, 3, 1):
        recorded(tmp_path, number)
    assert [run.run for run in runs(tmp_path)] == list(run_ids(tmp_path)) == [run_id(number) for number in (3, 2, 1, 0)]
    assert [run.run for run in runs(tmp_path, 2)] == [run_id(3), run_id(2)]


def test_of_one_second_the_one_that_was_written_to_last_comes_first(tmp_path: Path) -> None:
    for written_at, end in enumerate(("ffff", "0000", "7777")):
        file = tmp_path / f"{run_id(0)[:-4]}{end}.jsonl"
        file.touch()
        os.utime(file, (written_at, written_at))
    assert [run[-4:] for run in run_ids(tmp_path)] == ["7777", "0000", "ffff"]


def test_without_a_result_no_end_is_recorded(tmp_path: Path) -> None:
    recorded(tmp_path, 0, Said(text="one"), Said(text="two"))
    [run] = runs(tmp_path)
    assert (run.exit_code, run.summary, run.seconds) == (None, "", 10.0)


def test_nothing_there_is_no_run(tmp_path: Path) -> None:
    assert runs(tmp_path / "never made") == ()


@pytest.mark.parametrize("half", ['{"event": "Wai', line("Waited", exitCode=0, summary="x"), "x" * 60_000])
def test_a_last_line_that_is_half_there_is_not(tmp_path: Path, half: str) -> None:
    file = recorded(tmp_path, 0, Said(text="one"), Said(text="x" * 60_000))
    file.write_text(file.read_text() + half)
    [run] = runs(tmp_path)
    assert (run.exit_code, run.seconds) == (None, 10.0)
    assert len(events_of(tmp_path, run_id(0))) == 3


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_is_passed_over(tmp_path: Path, garbage: str) -> None:
    file = recorded(tmp_path, 0, Said(text="one"), DONE)
    first, *others = file.read_text().splitlines()
    written(tmp_path, file.name, [first, garbage, *others])
    assert [event for _, event in events_of(tmp_path, run_id(0))][1:] == [Said(text="one"), DONE]
    assert runs(tmp_path)[0].exit_code == 0


@pytest.mark.parametrize("garbage", GARBAGE[:8])
def test_garbage_behind_the_end_hides_it_not(tmp_path: Path, garbage: str) -> None:
    file = recorded(tmp_path, 0, DONE)
    written(tmp_path, file.name, [*file.read_text().splitlines(), garbage])
    assert runs(tmp_path)[0].exit_code == 0


def test_much_garbage_leaves_the_beginning(tmp_path: Path) -> None:
    file = recorded(tmp_path, 0)
    file.write_text(file.read_text() + "x" * 3 * LINE_BYTES)
    [run] = runs(tmp_path)
    assert (run.command, run.exit_code, run.seconds) == ("wait", None, 0.0)


def test_what_is_not_utf_8_is_garbage(tmp_path: Path) -> None:
    file = recorded(tmp_path, 0, DONE)
    file.write_bytes(file.read_bytes() + b"\xff\n")
    assert runs(tmp_path)[0].exit_code == 0
    assert len(events_of(tmp_path, run_id(0))) == 2


@pytest.mark.parametrize("text", ["", "\n", "hello\n", line("Said", text="x") + "\n", '{"event": "RunStarted"}\n'])
def test_a_file_that_does_not_begin_as_a_run_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / f"{run_id(0)}.jsonl").write_text(text)
    assert runs(tmp_path) == ()


def test_foreign_files_are_no_runs(tmp_path: Path) -> None:
    text = recorded(tmp_path, 0).read_text()
    for name in ("notes.txt", "a.jsonl", f"{run_id(1)}.jsonl~", f"my-{run_id(1)}.jsonl"):
        (tmp_path / name).write_text(text)
    (tmp_path / f"{run_id(2)}.jsonl").mkdir()
    (tmp_path / f"{run_id(3)}.jsonl").symlink_to(tmp_path / "notes.txt")
    os.mkfifo(tmp_path / f"{run_id(4)}.jsonl")
    assert run_ids(tmp_path) == (run_id(0),)
    assert [run.run for run in runs(tmp_path)] == [run_id(0)]


def test_a_folder_that_cannot_be_read_is_not_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(NotADirectoryError):
        runs(tmp_path / "runs")


def test_of_a_long_run_only_the_ends_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(tmp_path, 0, *[Said(text="x")] * 1000, DONE)
    parse = Mock(wraps=json.loads)
    monkeypatch.setattr(json, "loads", parse)
    assert runs(tmp_path)[0].seconds == 5005
    assert parse.call_count == 2


def test_a_clock_that_was_set_back_makes_no_time_negative(tmp_path: Path) -> None:
    end = line("Failed", at="2026-01-31T11:00:00+00:00", kind="Refused", summary="no", exitCode=3)
    file = recorded(tmp_path, 0)
    written(tmp_path, file.name, [*file.read_text().splitlines(), end])
    assert runs(tmp_path)[0].seconds == 0.0


def test_a_result_of_a_newer_version_still_tells_how_it_ended(tmp_path: Path) -> None:
    file = recorded(tmp_path, 0)
    paid = [{"what": "Deployment serving/llama", "mood": "good"}]
    end = line("Danced", summary="fell", hint="get up", exitCode=3, warnings=1, paid=paid, steps=7)
    written(tmp_path, file.name, [*file.read_text().splitlines(), end])
    [run] = runs(tmp_path)
    assert (run.exit_code, run.summary, run.warnings) == (3, "fell", 1)
    bill = Paid(what="Deployment serving/llama")
    ended = Failed(kind="Danced", summary="fell", hint="get up", exit_code=3, warnings=1, paid=(bill,))
    assert events_of(tmp_path, run_id(0))[-1][1] == ended


@pytest.mark.parametrize("fields", [{"summary": "x"}, {"summary": "x", "exitCode": "0"}, {"exitCode": 0}])
def test_no_exit_code_is_made_up(tmp_path: Path, fields: dict[str, Any]) -> None:
    file = recorded(tmp_path, 0)
    written(tmp_path, file.name, [*file.read_text().splitlines(), line("Danced", **fields)])
    assert runs(tmp_path)[0].exit_code is None


def test_its_events_come_with_their_times(tmp_path: Path) -> None:
    said = Said(text="one")
    recorded(tmp_path, 0, said, PLANNED, DONE)
    started = RunStarted(run=run_id(0), command="wait", context="lab")
    times = [NOON + timedelta(seconds=5 * step) for step in range(4)]
    assert events_of(tmp_path, run_id(0)) == tuple(zip(times, (started, said, PLANNED, DONE), strict=True))


def test_a_run_is_told_as_it_was_with_its_plan_in_its_place() -> None:
    waited = Waited(summary="end", profile="full", rows=())
    assert told([StageStarted(stage="root"), PLANNED, look(0, row("keda", "settled", "")), waited]) == (
        "== root",
        PLANNED,
        "     0s  settled   keda",
        "     0s  1 of 1 settled [15m00s left]",
    )
