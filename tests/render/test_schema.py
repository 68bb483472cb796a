"""The document of `-o json` is what docs/document.schema.json says, for every result."""

import json
from pathlib import Path
from typing import get_args

import pytest
from jsonschema import Draft202012Validator

from aiops.checks import ALL
from aiops.checks.check import GROUPS
from aiops.operations.doctor import diagnose
from aiops.progress.events import Result, RunStarted
from aiops.progress.results import Status
from aiops.render.document import SCHEMA_VERSION, document, dumps
from aiops.snapshot import Json
from tests.checks.cases import cases, healthy, look_of
from tests.render.results import EXAMPLES

SCHEMA: Json = json.loads((Path(__file__).resolve().parents[2] / "docs" / "document.schema.json").read_text())
RUN = RunStarted(run="20260131T120000-3f9a", command="doctor", context="lab")


def problems(result: Result) -> list[str]:
    found = json.loads(dumps(document(result, RUN, 0.5)))
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(found)]


def test_the_schema_is_one_and_of_this_version() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["schemaVersion"]["const"] == SCHEMA_VERSION
    assert SCHEMA["$defs"]["checks"]["items"]["properties"]["group"]["enum"] == list(GROUPS)
    assert set(SCHEMA["$defs"]["status"]["enum"]) == set(get_args(Status))


@pytest.mark.parametrize("result", EXAMPLES, ids=lambda result: type(result).__name__)
def test_every_result_fits(result: Result) -> None:
    assert problems(result) == []


def test_what_each_check_finds_fits() -> None:
    for file in dict(cases()).values():
        assert problems(diagnose(look_of(file), ALL)) == [], file


def test_what_does_not_fit_is_seen() -> None:
    found = document(diagnose(healthy(), ALL), RUN, 0.5)
    found["result"]["checks"][0]["findings"] = []
    found["exitCode"] = 7
    assert len(list(Draft202012Validator(SCHEMA).iter_errors(json.loads(dumps(found))))) == 2
