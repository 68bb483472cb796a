"""`event_of`: what was written can be read, also by a version that knows more or less."""

import json
from typing import Any

import pytest

from aiops.progress.events import Event, Failed, Looked, RunStarted, Said, StageStarted, data
from aiops.progress.recall import event_of
from aiops.progress.results import Replayed
from tests.progress.looks import look, row
from tests.render.results import EXAMPLES, PLANNED, STAGE

RECORDED: tuple[Event, ...] = (
    RunStarted(run="1", command="wait"),
    Said(text="main moved", level="warn"),
    StageStarted(stage="serving: wait"),
    STAGE,
    look(3, row("keda", since_s=3, evidence=("pod keda-7f",)), trouble="refused"),
    PLANNED,
    *(result for result in EXAMPLES if not isinstance(result, Replayed)),  # that one is never recorded
)
ROW = data(look(0, row("keda")))["rows"][0]
FAILED = {"summary": "end", "kind": "Refused"}


def json_of(event: Event) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(json.dumps(data(event)))
    return written


@pytest.mark.parametrize("event", RECORDED, ids=lambda event: type(event).__name__)
def test_it_is_the_inverse_of_data(event: Event) -> None:
    assert event_of(type(event).__name__, json_of(event)) == event


def test_a_plan_within_what_was_told_is_one_again() -> None:
    [replayed] = [result for result in EXAMPLES if isinstance(result, Replayed)]
    again = event_of("Replayed", json_of(replayed))
    assert isinstance(again, Replayed)
    assert again.told == replayed.told


@pytest.mark.parametrize("name", ["Sung", "Row", "Counter", "dataclass", ""])
def test_what_is_no_event_of_this_version_is_none(name: str) -> None:
    assert event_of(name, {"text": "la"}) is None


def test_fields_of_a_newer_version_are_ignored_at_every_depth() -> None:
    written = {**json_of(look(0, row("keda"))), "mood": "good"}
    written["rows"][0]["mood"] = "good"
    assert event_of("Looked", written) == look(0, row("keda"))


def test_fields_that_an_older_version_did_not_write_take_their_default() -> None:
    assert event_of("Failed", FAILED) == Failed(summary="end", kind="Refused")


def test_without_a_field_that_it_must_have_there_is_no_event() -> None:
    assert event_of("Failed", {"summary": "end"}) is None


@pytest.mark.parametrize(
    "field",
    [{"exitCode": "3"}, {"exitCode": True}, {"exitCode": 3.5}, {"hint": None}, {"paid": {}}, {"paid": [{"ageS": 3}]}],
)
def test_a_value_of_the_wrong_type_counts_as_missing(field: dict[str, Any]) -> None:
    assert event_of("Failed", {**FAILED, **field}) == Failed(summary="end", kind="Refused")


@pytest.mark.parametrize("field", [{"state": "asleep"}, {"name": 7}, {"layer": []}])
def test_nor_is_there_one_with_a_part_that_does_not_fit(field: dict[str, Any]) -> None:
    assert event_of("Looked", {**json_of(look(0)), "rows": [{**ROW, **field}]}) is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "1" + "0" * 400, "true", '"3"'])
def test_what_no_clock_has_shown_is_no_number_of_seconds(number: str) -> None:
    assert event_of("Looked", {**json_of(look(0)), "elapsedS": json.loads(number)}) is None
    again = event_of("Looked", {**json_of(look(0)), "elapsedS": 3})
    assert isinstance(again, Looked)
    assert again.elapsed_s == 3


@pytest.mark.parametrize("pair", [["main"], ["main", "1a", "2b"], ["main", 7]])
def test_a_pair_is_two_texts(pair: list[object]) -> None:
    written = {**json_of(next(each for each in EXAMPLES if type(each).__name__ == "Waited")), "revisions": [pair]}
    waited = event_of("Waited", written)
    assert waited is not None
    assert data(waited)["revisions"] == []


def test_a_time_that_is_none_does_not_fit() -> None:
    [remembered] = [result for result in EXAMPLES if type(result).__name__ == "Remembered"]
    written = json_of(remembered)
    written["runs"][0]["began"] = "yesterday"
    assert event_of("Remembered", written) is None
