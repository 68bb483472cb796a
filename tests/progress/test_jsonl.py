"""`jsonl`: what a program reads."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from aiops.progress.events import Event, Said
from aiops.progress.jsonl import jsonl
from aiops.progress.results import Waited
from tests.progress.looks import EVIL, look, row

NOON = datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=1)))


def written(*events: Event) -> list[dict[str, Any]]:
    lines: list[str] = []
    report = jsonl(lines.append, lambda: NOON)
    for event in events:
        report(event)
    assert all(line.isascii() and line.isprintable() for line in lines)
    return [json.loads(line) for line in lines]


def test_an_event_is_an_object_with_its_time_in_utc() -> None:
    assert written(Said(text=f"✔ {EVIL}", level="warn")) == [
        {"event": "Said", "at": "2026-01-31T11:00:00.000+00:00", "text": f"✔ {EVIL}", "level": "warn"}
    ]


def test_names_are_in_camel_case_at_every_depth() -> None:
    [waited] = written(Waited(summary="", exit_code=4, profile="full", rows=(row("keda", since_s=3),)))
    assert (waited["exitCode"], waited["rows"][0]["sinceS"]) == (4, 3)


def test_of_looks_only_news_and_heartbeats_are_written() -> None:
    still = [look(second, row("keda", since_s=second)) for second in range(61)]
    events = written(*still, look(61, row("keda", "settled", "")), look(62, row("keda", "settled", "")))
    assert [event["elapsedS"] for event in events] == [0, 30, 60, 61]
