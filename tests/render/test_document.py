"""`document`: the one JSON object of `-o json`."""

import json

import pytest

from aiops.progress.events import Result, RunStarted, data
from aiops.render.document import document, dumps
from tests.render.results import END, EXAMPLES

RUN = RunStarted(run="20260131T120000-3f9a", command="wait --profile serving", context="lab")


@pytest.mark.parametrize("result", EXAMPLES, ids=lambda result: type(result).__name__)
def test_every_result_is_one_document_of_ascii(result: Result) -> None:
    made = document(result, RUN, 3.00049)
    text = dumps(made)
    assert text.isascii()
    assert json.loads(text) == made
    own = made.pop("result")
    assert own["type"] == type(result).__name__
    assert not {"summary", "hint", "exitCode", "warnings"} & set(own)
    assert made == {
        "schemaVersion": 1,
        "run": "20260131T120000-3f9a",
        "command": "wait --profile serving",
        "context": "lab",
        "exitCode": 3,
        "summary": END["summary"],
        "hint": END["hint"],
        "warnings": 2,
        "paid": data(Result(summary="", paid=END["paid"]))["paid"],
        "seconds": 3.0,
    }


def test_names_are_in_camel_case_at_every_depth() -> None:
    [waited] = [each for each in EXAMPLES if type(each).__name__ == "Waited"]
    rows = document(waited, RUN, 3)["result"]["rows"]
    assert rows[3] == {
        "name": "keda",
        "layer": "platform",
        "group": "core",
        "state": "waiting",
        "detail": "0 of 1 ready",
        "sinceS": 245,
        "limitS": 0.0,
        "evidence": [waited.rows[3].evidence[0], waited.rows[3].evidence[1]],  # type: ignore[attr-defined]
        "hint": waited.rows[3].hint,  # type: ignore[attr-defined]
    }
