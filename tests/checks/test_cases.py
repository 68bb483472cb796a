"""Every check by its cases: what it must find, and what it must not."""

from dataclasses import asdict
from pathlib import Path

import pytest

from aiops.checks import ALL
from aiops.checks.engine import judge_look
from aiops.snapshot import Json
from tests.checks.cases import FOLDER, cases, healthy, look_of, read

CHECKS = {check.slug: check for check in ALL}
FILES = list(cases())
FOUND = ("fail", "warn", "unknown")


@pytest.mark.parametrize(("slug", "file"), FILES, ids=[f"{slug}/{file.stem}" for slug, file in FILES])
def test_a_case(slug: str, file: Path) -> None:
    case = read(file)
    (verdict,) = judge_look(look_of(case), [CHECKS[slug]])
    found = [asdict(each) for each in verdict.findings if each.status in FOUND]
    expected: list[Json] = case["expect"].get("findings", [])
    assert verdict.status == case["expect"]["status"], verdict
    assert len(found) == len(expected), verdict
    for finding, wanted in zip(found, expected, strict=True):
        for field, words in wanted.items():
            text = finding[field] if isinstance(finding[field], str) else str(finding[field])
            assert words in text, (field, finding)


@pytest.mark.parametrize("slug", CHECKS)
def test_each_check_has_cases_of_both_kinds(slug: str) -> None:
    """What it finds, what it is silent about, and what it says of what it cannot read."""
    statuses = [read(file)["expect"]["status"] for file in FOLDER.glob(f"{slug}/*.yaml")]
    assert {"fail", "warn"} & set(statuses), "no case that it finds"
    assert {"ok", "skip"} & set(statuses), "no false positive that it does not find"


def test_no_case_without_its_check() -> None:
    assert {folder.name for folder in FOLDER.iterdir()} <= CHECKS.keys()


def test_nothing_is_found_on_a_healthy_platform() -> None:
    assert [(each.check.slug, each.findings[0]) for each in judge_look(healthy(), ALL) if each.status in FOUND] == []
