"""docs/ is true."""

import re
from pathlib import Path

import pytest
import yaml

from aiops.checks import ALL
from aiops.lab import provoked
from aiops.lab.provoked import Fault, files
from aiops.lab.provoked.files import FileFault
from aiops.operations.fixes import FIXES

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_the_table_of_checks_is_the_registry() -> None:
    rows = re.findall(
        r"^\| (\w+) \| `([\w-]+)` \| (.*?)( \*)? \| (.*?) ?\|$", (DOCS / "doctor.md").read_text(), re.MULTILINE
    )
    assert rows == [
        (
            check.group,
            check.slug,
            check.title,
            " *" if check.prerequisite else "",
            ", ".join(f"`{x}`" for x in check.needs),
        )
        for check in ALL
    ]


def test_the_rules_of_lint_are_the_checks_with_a_static_half() -> None:
    rules = re.findall(r"^- `([\w-]+)`: (.*)$", (DOCS / "lint.md").read_text(), re.MULTILINE)
    assert rules == [(check.slug, check.title) for check in ALL if check.lint]


def test_the_cures_are_those_that_there_are() -> None:
    part = (DOCS / "doctor.md").read_text().partition("## Curing")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([\w-]+)` \|", part, re.MULTILINE)) == FIXES.keys() <= {check.slug for check in ALL}


def test_the_table_of_faults_is_the_labs() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.*) \| (.*) \|$", (DOCS / "lab.md").read_text(), re.MULTILINE)
    every: tuple[Fault | FileFault, ...] = (*provoked.ALL, *files.ALL)
    assert rows == [(fault.slug, fault.provokes, fault.named_by) for fault in every]


@pytest.mark.parametrize("role", ["aiops-doctor", "aiops-doctor-secrets"])
def test_doctors_roles_only_read(role: str) -> None:
    found = [body for body in yaml.safe_load_all((DOCS / "rbac.yaml").read_text()) if body["metadata"]["name"] == role]
    assert {verb for body in found for rule in body["rules"] for verb in rule["verbs"]} <= {"get", "list"}
    assert found
