"""`text`: results for a person, on every kind of stream."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from rich.text import Text

from aiops.progress.events import Change, Event, Failed, Planned, Result, StageEnded
from aiops.progress.results import BroughtUp, Checked, Diagnosed, Found, Linted, Rooted, Waited
from aiops.render.diagnosis import shortened
from aiops.render.line import Line
from aiops.render.text import body, lines
from tests.render.results import EXAMPLES, PLANNED, ROWS, URL, row
from tests.render.screens import Stream, shown

EVERYTHING = (*EXAMPLES, PLANNED)
WORDS = "[/bin/sh] [the server could not find]"


def subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


def piped(event: Planned | Result) -> list[str]:
    return shown(lines(event), Stream()).splitlines()


def test_every_result_has_an_example_here() -> None:
    assert {type(each) for each in EXAMPLES} == {
        each for each in subclasses(Result) if each.__module__.startswith("aiops.")
    }


def test_a_result_without_a_rendering_is_a_bug() -> None:
    with pytest.raises(TypeError, match="Result has no rendering"):
        list(lines(Result(summary="done")))


@pytest.mark.parametrize("event", EVERYTHING, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_in_a_pipe_nothing_steers_and_nothing_is_lost(event: Planned | Result, encoding: str) -> None:
    text = shown(lines(event), Stream(encoding))
    assert all(line.isprintable() and line == line.rstrip() for line in text.splitlines())
    assert WORDS in text
    assert isinstance(event, Planned) or URL in text


@pytest.mark.parametrize("event", EVERYTHING, ids=lambda event: type(event).__name__)
def test_on_a_terminal_words_wrap_and_addresses_stay_whole(event: Planned | Result) -> None:
    text = Text.from_ansi(shown(lines(event), Stream(terminal=True))).plain
    assert all(len(line) <= 80 or URL in line for line in text.splitlines())
    assert text.split() == shown(lines(event), Stream()).split()


def test_a_command_is_never_wrapped() -> None:
    hint = f"aiops wait{' --profile serving' * 9}"
    failed = Failed(summary="end", hint=hint, exit_code=3, kind="Refused")
    assert hint in shown(lines(failed), Stream(terminal=True))


def test_what_is_to_be_done_is_wrapped_but_for_the_commands_in_it() -> None:
    hint = f"set {'one more ' * 7}field in the config, then `aiops resolve --config FILE`"
    failed = Failed(summary="end", hint=hint, exit_code=3, kind="Refused")
    assert shown(lines(failed), Stream("ascii", terminal=True)).splitlines()[1:] == [
        f"-> set {'one more ' * 7}field in",
        "   the config, then `aiops resolve --config FILE`",
    ]


def test_short_leaves_out_what_is_ok_and_nothing_else() -> None:
    (whole,) = (each for each in EXAMPLES if isinstance(each, Diagnosed))
    hushed = replace(whole.checks[0], slug="hushed", findings=(Found(status="suppressed", symptom="until May"),))
    short = shortened(replace(whole, checks=(*whole.checks, hushed)))
    assert [check.slug for check in short.checks] == ["default-storage-class", "secrets-present", "hushed"]
    assert piped(short)[-2:] == piped(whole)[-2:]
    sound = shortened(replace(whole, checks=whole.checks[:1]))
    assert (sound.checks, piped(sound)[-2:]) == ((), piped(whole)[-2:])


def test_where_all_is_well_there_is_a_line_for_each_layer() -> None:
    rows = tuple(row(f"app-{number}", layer=f"layer-{number % 6}") for number in range(65))
    result = Waited(summary="profile full stands: 65 applications settled", profile="full", rows=rows)
    assert piped(result) == [
        "✔ layer-0  11 settled",
        *(f"✔ layer-{layer}  11 settled" for layer in range(1, 5)),
        "✔ layer-5  10 settled",
        "",
        "✔ profile full stands: 65 applications settled",
    ]


def test_what_is_not_settled_is_told_worst_first_and_with_its_evidence() -> None:
    rows = (*ROWS[:4], row("chat", "hopeless", "sync failed", "experience", since_s=9), *ROWS[5:])
    result = Waited(
        summary="cannot settle: chat", hint="mend it", exit_code=3, warnings=1,
        profile="full", rows=rows, revisions=(("main", "1a2b3c4d5e"),),
    )  # fmt: skip
    assert shown(lines(result), Stream("ascii")).splitlines() == [
        "-- main is at 1a2b3c4d",
        ".. platform    1 settled, 2 waiting",
        "xx experience  1 hopeless",
        "~~ serving     2 manual, 1 deferred",
        "",
        "xx hopeless   chat (for 9s): sync failed",
        ".. waiting    keda (for 4m05s): 0 of 1 ready",
        "        [31mred [/bin/sh] [the server could not find] ?",
        f"       pull {URL}",
        f"    -> curl {URL}",
        ".. waiting    argo (for 9s): no endpoints",
        "~~ deferred   policies: needs AgentgatewayPolicy",
        "-- manual     raw-vllm, coder: not synced yet",
        "",
        "xx cannot settle: chat (1 warning)",
        "-> mend it",
    ]


def test_what_was_only_planned_is_shown_once_with_the_plan() -> None:
    created, planned = (
        Change(kind="ApplicationSet", name="layer-serving", action=action, diff="+a")
        for action in ("created", "create")
    )
    plan = Planned(profile="serving", layers=("serving",), changes=(planned,), groups=("serving-core",))
    assert piped(plan) == [
        "· profile serving: layers serving",
        "· create       ApplicationSet layer-serving",
        "    +a",
        "· group applications (1): serving-core",
    ]
    rooted = Rooted(summary="made", profile="serving", changes=(planned, created))
    assert piped(rooted) == ["✔ created      ApplicationSet layer-serving", "", "✔ made"]


def found(about: str, cause: str, file: str = "") -> Found:
    return Found(
        status="warn", symptom=f"{about} is slow", cause=cause, fix="set it", owner=f"application {about}", file=file
    )


def test_findings_of_one_cause_and_one_cure_are_told_together() -> None:
    findings = (found("a", "it is old", "x.yaml"), found("b", "it is old"), found("c", "it is far"))
    check = Checked(slug="x", group="gpu", title="it is fast", status="warn", findings=findings)
    result = Linted(
        summary="s", hint="", tree=".", profile="", layers=(), applications=3, unrendered=(), checks=(check,)
    )
    words = [line.words for line in body(result) if isinstance(line, Line)]
    assert words[2:] == [
        "x wants: it is fast",
        "x.yaml  a is slow", "b is slow", "it is old", "of applications a, b", "set it",
        "c is slow", "it is far", "of application c", "set it",
    ]  # fmt: skip


def test_stages_are_a_table() -> None:
    done = [("platform: root", 3.0), ("platform: wait", 245.0)]
    stages = tuple(StageEnded(stage=stage, outcome="done", seconds=seconds) for stage, seconds in done)
    skipped = StageEnded(stage="gpu: smoke", outcome="skipped", seconds=0, because="no model is up")
    assert piped(BroughtUp(summary="up", stages=(*stages, skipped)))[:3] == [
        "✔ platform: root       3s  done",
        "✔ platform: wait    4m05s  done",
        "◌ gpu: smoke           0s  skipped: no model is up",
    ]


@pytest.mark.parametrize(
    ("exit_code", "warnings", "last"),
    [
        (0, 0, "✔ end"),
        (0, 2, "! end (2 warnings)"),
        (3, 0, "✗ end"),
        (4, 0, "◎ end"),
        (5, 0, "◎ end"),
        (130, 0, "◎ end"),
    ],
)
def test_the_summary_comes_last_with_the_sign_of_its_exit_code(exit_code: int, warnings: int, last: str) -> None:
    result = Failed(summary="end", exit_code=exit_code, warnings=warnings, kind="OutOfTime")
    assert piped(result) == [last]


def test_a_summary_of_several_lines_keeps_them() -> None:
    failed = Failed(summary="config.yaml has a problem\n  config.yaml:3: a: b", exit_code=2, kind="ConfigError")
    assert piped(failed) == ["✗ config.yaml has a problem", "    config.yaml:3: a: b"]


def test_only_plans_and_results_are_shown() -> None:
    with pytest.raises(TypeError):
        list(lines(Event()))  # type: ignore[arg-type]
