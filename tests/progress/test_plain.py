"""`plain`: what a log of a wait shows."""

import pytest

from aiops.progress.events import Event, RunStarted, Said, StageEnded, StageStarted
from aiops.progress.plain import plain
from tests.progress.looks import EVIL, WHAT, look, row


def written(*events: Event) -> list[str]:
    lines: list[str] = []
    report = plain(lines.append)
    for event in events:
        report(event)
    return lines


def test_a_wait_is_told_by_its_changes() -> None:
    first = look(0, row("keda"), row("dex"), row("raw-vllm", "manual", "not synced yet"))
    assert written(
        first,
        look(4, row("keda"), row("dex", "settled", ""), row("raw-vllm", "manual", "not synced yet")),
        look(5, row("keda", detail="0 of 1 ready"), row("dex", "settled", "")),
    ) == [
        "     0s  waiting   keda, dex: Progressing",
        "     0s  manual    raw-vllm: not synced yet",
        "     0s  0 of 3 settled, 1 manual, 2 waiting: keda, waiting for 0s: Progressing; "
        "dex, waiting for 0s: Progressing [15m00s left]",
        "     4s  settled   dex",
        "     5s  waiting   keda: 0 of 1 ready",
    ]


def test_ten_silent_minutes_are_twenty_heartbeats() -> None:
    looks = [look(half / 2, row("keda", since_s=half / 2)) for half in range(1201)]
    opening = len(written(looks[0]))
    heartbeats = written(*looks)[opening:]
    assert len(heartbeats) == 20
    assert heartbeats[0] == ("    30s  0 of 1 settled, 1 waiting: keda, waiting for 30s: Progressing [14m30s left]")


def test_a_heartbeat_names_three_and_the_longest_first() -> None:
    rows = [row(f"app-{number}", since_s=number, detail="") for number in range(5)]
    line = written(look(0, *rows))[-1]
    assert "app-4, waiting for 4s: ; app-3, waiting for 3s: ; app-2, waiting for 2s: ; +2 more" in line


def test_before_anything_is_seen_a_heartbeat_says_what_is_waited_for() -> None:
    assert written(look(0)) == [
        "     0s  waiting for the applications of profile serving: nothing seen yet [15m00s left]"
    ]


def test_trouble_is_told_when_it_begins_changes_and_ends() -> None:
    still = row("keda")
    lines = written(
        look(0, still),
        look(1, still, trouble="kubernetes: refused (for 1 s)"),
        look(2, still, trouble="kubernetes: refused (for 2 s)"),
        look(3, still, trouble="kubernetes: no answer (for 3 s)"),
        look(4, still),
        look(5, still),
    )
    assert [line.split("trouble   ")[1] for line in lines if "trouble" in line] == [
        "kubernetes: refused (for 1 s)",
        "kubernetes: no answer (for 3 s)",
        "over",
    ]


@pytest.mark.parametrize(("elapsed_s", "what"), [(0, WHAT), (50, "the models"), (0, "the models")])
def test_another_wait_starts_afresh(elapsed_s: float, what: str) -> None:
    lines = written(look(50, row("keda")), look(elapsed_s, row("keda"), what=what))
    assert sum(line.endswith("waiting   keda: Progressing") for line in lines) == 2


def test_what_is_said_once() -> None:
    assert written(
        RunStarted(run="20260131T120000-3f9a", command="wait --profile serving", context="lab"),
        Said(text="two\nlines"),
        Said(text="main moved", level="warn"),
        StageStarted(stage="serving: wait"),
        StageEnded(stage="serving: wait", outcome="failed", seconds=65, because="keda cannot settle"),
    ) == [
        "run 20260131T120000-3f9a: aiops wait --profile serving on lab",
        "two",
        "lines",
        "warning: main moved",
        "== serving: wait",
        "== serving: wait: failed after 1m05s: keda cannot settle",
    ]


@pytest.mark.parametrize(
    "event",
    [
        Said(text=EVIL),
        RunStarted(run="1", command=EVIL, context=EVIL),
        StageEnded(stage=EVIL, outcome="done", seconds=1, because=EVIL),
        look(0, row(EVIL, detail=EVIL), trouble=EVIL),
    ],
    ids=lambda event: type(event).__name__,
)
def test_cluster_text_steers_no_terminal_and_loses_no_word(event: Event) -> None:
    lines = written(event)
    assert all(line.isprintable() for line in lines)
    assert "[/bin/sh] [the server could not find]" in "".join(lines)
