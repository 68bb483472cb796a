"""The table of runs: by the clock of who reads it, and how each ended."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from aiops.progress.events import Failed, data
from aiops.progress.results import Remembered, Replayed, Run
from aiops.render.text import lines
from tests.progress.journals import NOON
from tests.render.results import PLANNED
from tests.render.screens import Stream, shown

DONE = Run(run="20260131T120000-3f9a", command="wait", began=NOON, ended=NOON, seconds=245.0, exit_code=0)


@pytest.fixture(autouse=True)
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "JST-9")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def piped(result: Remembered | Replayed) -> list[str]:
    return shown(lines(result), Stream()).splitlines()


@pytest.mark.parametrize(
    ("run", "line"),
    [
        (DONE, "✔ {}  done"),
        (replace(DONE, warnings=1), "! {}  done (1 warning)"),
        (replace(DONE, warnings=2), "! {}  done (2 warnings)"),
        (replace(DONE, exit_code=3, summary="cannot settle: chat\nand why"), "✗ {}  failed: cannot settle: chat"),
        (replace(DONE, exit_code=130, summary="interrupted"), "◎ {}  failed: interrupted"),
        (replace(DONE, exit_code=3), "✗ {}  failed:"),
        (replace(DONE, exit_code=None), "◎ {}  no end is recorded: killed, or still under way"),
    ],
)
def test_a_run_is_a_line(run: Run, line: str) -> None:
    words = "2026-01-31 21:00:00  20260131T120000-3f9a    4m05s  wait"
    assert piped(Remembered(summary="1 run", runs=(run,)))[0] == line.format(words)


def test_a_program_reads_utc() -> None:
    [run] = data(Remembered(summary="", runs=(DONE,)))["runs"]
    assert run["began"] == run["ended"] == "2026-01-31T12:00:00.000+00:00"


def test_commands_stand_in_a_column_but_for_those_that_are_very_long() -> None:
    commands = ("wait", "root --profile serving", "sync " + "a-long-name " * 9)
    found = piped(Remembered(summary="", runs=tuple(replace(DONE, command=command) for command in commands)))
    ends = [line.index("  done") for line in found[:3]]
    assert ends[0] - found[0].index("wait") == ends[1] - found[1].index("root") == 40
    assert commands[2] in found[2]


def test_a_run_again_is_what_it_said_its_plan_and_its_end() -> None:
    ended = Failed(kind="Refused", summary="cannot settle: chat", hint="mend it", exit_code=3)
    result = Replayed(summary="that was run 1", of=DONE, told=("one", PLANNED, "two"), ended=ended, ended_as="Failed")
    plan = shown(lines(PLANNED), Stream()).splitlines()
    end = ["", "✗ cannot settle: chat", "→ mend it", "", "✔ that was run 1"]
    assert piped(result) == ["  one", *plan, "  two", *end]


def test_without_an_end_it_stops_where_it_stopped() -> None:
    assert piped(Replayed(summary="that was run 1", of=DONE, told=("one",))) == ["  one", "", "✔ that was run 1"]
