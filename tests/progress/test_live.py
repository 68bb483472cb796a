"""`live`: what is drawn fits the screen, and is gone at the end."""

import io
import re

import pytest
from rich.console import Console

from aiops.progress.events import Looked, Row, Said, StageEnded, StageStarted
from aiops.progress.live import live
from aiops.progress.picture import picture
from tests.progress.looks import EVIL, look, row

LAYERS = ("platform", "serving", "routing", "llm-gateway", "experience", "demos")
CURSOR_BACK, ERASED = "\x1b[?25h", "\x1b[2K"


def terminal(width: int = 80, height: int = 20) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=True, color_system=None, width=width, height=height, soft_wrap=True
    )


def drawn(looked: Looked, width: int = 80, height: int = 20) -> list[str]:
    console = terminal(width, height)
    with console.capture() as capture:
        console.print(picture(looked, console))
    return capture.get().splitlines()


def many(number: int) -> tuple[Row, ...]:
    return tuple(
        Row(
            name=f"application-with-a-rather-long-name-{each}",
            layer=LAYERS[each % len(LAYERS)],
            group="core",
            state="hopeless" if each == 7 else "waiting",
            detail=f"Progressing: {'Deployment keda/keda-operator ' * 5}",
            since_s=each,
            evidence=(f"pod {each}: {EVIL} {'x' * 200}",) * 2,
        )
        for each in range(number)
    )


@pytest.mark.parametrize("rows", [0, 1, 5, 65])
@pytest.mark.parametrize(("width", "height"), [(80, 20), (140, 20), (80, 12), (40, 5)])
def test_it_fits_the_screen(width: int, height: int, rows: int) -> None:
    lines = drawn(look(61, *many(rows), trouble="kubernetes: refused " * 20), width, height)
    assert len(lines) <= height - 2  # one for the cursor, one that rich begins before it erases
    assert max(map(len, lines)) <= width
    assert all(line.isprintable() for line in lines)
    assert lines[-1] == "1m01s of 15m00s"


def test_a_stream_of_ascii_gets_ascii() -> None:
    console = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="ascii"), width=60, height=20)
    with console.capture() as capture:
        console.print(picture(look(5, row("dex", "settled"), row("keda", detail="long " * 20)), console))
    assert capture.get().isascii()


def test_layers_are_counted_and_only_what_is_not_settled_is_named() -> None:
    lines = drawn(
        look(
            5,
            row("ApplicationSet layer-platform", "settled", "", group=""),
            row("dex", "settled", ""),
            row("raw-vllm", "manual", "not synced yet"),
            row("policies", "deferred", "needs AgentgatewayPolicy"),
            row("keda", "waiting", "0 of 1 ready", since_s=5, evidence=("pod keda-7f: ImagePullBackOff",)),
        )
    )
    assert lines[1].split() == ["platform", "━" * 15 + "╌" * 5, "3/4", "1", "manual,", "1", "deferred,", "1", "waiting"]
    assert [line.split() for line in lines[2:-1]] == [
        ["waiting", "keda", "5s", "0", "of", "1", "ready"],
        ["pod", "keda-7f:", "ImagePullBackOff"],
        ["deferred", "policies", "0s", "needs", "AgentgatewayPolicy"],
    ]


def test_the_hopeless_and_then_the_longest_waiting_come_first() -> None:
    lines = drawn(look(61, *many(65)), width=140)
    named = [number for line in lines for number in re.findall(r"name-(\d+)", line)]
    assert named[:3] == ["7", "64", "63"]
    assert f"+{65 - len(named)} more" in lines


def test_a_picture_goes_with_its_stage_and_what_is_said_between_leaves_the_cursor_alone() -> None:
    console = terminal()
    with live(console) as report:
        report(look(1, row("keda")))
        report(StageEnded(stage="serving: wait", outcome="done", seconds=65))
        assert isinstance(console.file, io.StringIO)
        assert console.file.getvalue().endswith("== serving: wait: done after 1m05s\n")
        assert CURSOR_BACK in console.file.getvalue()
        report(look(1, row("dex")))
    assert console.file.getvalue().count(CURSOR_BACK) == 2


def test_stdout_is_left_to_what_a_program_reads(capsys: pytest.CaptureFixture[str]) -> None:
    with live(terminal()) as report:
        report(look(1, row("keda")))
        print("{}")
    assert capsys.readouterr().out == "{}\n"


def interrupted(console: Console) -> None:
    with live(console) as report:
        report(StageStarted(stage="serving: wait"))
        report(look(1, row("keda")))
        report(Said(text=EVIL))
        raise KeyboardInterrupt


def test_what_is_said_stays_and_the_picture_goes_also_when_interrupted() -> None:
    console = terminal()
    with pytest.raises(KeyboardInterrupt):
        interrupted(console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "[/bin/sh] [the server could not find]\n" in text
    assert "\x1b[31m" not in text
    rest = text[text.index(CURSOR_BACK) :]
    assert "keda" not in rest
    assert rest.count(ERASED) == 4
