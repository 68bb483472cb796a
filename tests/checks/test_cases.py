"""Every check by its cases: what it must find, and what it must not."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from aiops.checks import ALL
from aiops.checks.engine import judge_look
from aiops.render.line import PROGRAMS
from aiops.snapshot import Json
from tests.checks.cases import FOLDER, cases, healthy, look_of, read

CHECKS = {check.slug: check for check in ALL}
FILES = list(cases())
FOUND = ("fail", "warn", "unknown")
SENTENCES = (
    "add", "check", "correct", "did", "edit", "have", "install", "leave", "neither", "raise", "render", "run", "set",
    "switch", "upgrade",
)  # fmt: skip
"""How a cure begins that is no command."""


@pytest.mark.parametrize(("slug", "file"), FILES, ids=[f"{slug}/{file.stem}" for slug, file in FILES])
def test_a_case(slug: str, file: Path) -> None:
    case = read(file)
    (verdict,) = judge_look(look_of(file), [CHECKS[slug]])
    found = [asdict(each) for each in verdict.findings if each.status in FOUND]
    expected: list[Json] = case["expect"].get("findings", [])
    assert verdict.status == case["expect"]["status"], verdict.findings
    assert case["expect"].get("says", "") in verdict.findings[0].symptom
    assert len(found) == len(expected), verdict.findings
    assert {each["fix"].split(" ", 1)[0] for each in found} <= {*PROGRAMS, *SENTENCES, ""}
    for finding, wanted in zip(found, expected, strict=True):
        for field, words in wanted.items():
            text = finding[field] if isinstance(finding[field], str) else str(finding[field])
            assert words in text, (field, finding)


@pytest.mark.parametrize("slug", CHECKS)
def test_each_check_has_cases_of_both_kinds(slug: str) -> None:
    """What it finds, and what it is silent about."""
    statuses = [read(file)["expect"]["status"] for file in FOLDER.glob(f"{slug}/*.yaml")]
    assert {"fail", "warn"} & set(statuses) or slug == "access", "no case that it finds"
    assert {"ok", "skip"} & set(statuses), "no false positive that it does not find"
    assert len(statuses) >= 3


def test_a_case_says_why_in_one_plain_sentence() -> None:
    for slug, file in FILES:
        about = read(file)["about"]
        assert about == " ".join(about.split()), file
        assert about.isprintable(), file
        assert not about.endswith("."), file
        assert len(about) < 120, file
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", file.stem), f"{slug}: the name of a case is words"


def test_no_case_without_its_check() -> None:
    assert {folder.name for folder in FOLDER.iterdir()} <= CHECKS.keys()


def test_nothing_is_found_on_a_healthy_platform() -> None:
    verdicts = judge_look(healthy(), ALL)
    assert [(each.check.slug, each.findings[0]) for each in verdicts if each.status in FOUND] == []
