"""A result as SARIF 2.1.0 (OASIS), which code hosts show beside the lines that it is about."""

import json
from typing import Any
from urllib.parse import quote

from aiops import __version__
from aiops.progress.events import Result, printable
from aiops.progress.results import Checked, Found, Linted

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
WHOLE = "clusters"
"""Where a finding is shown that is about no file: code hosts refuse what has no place."""
LEVELS = {"fail": "error", "unknown": "error", "warn": "warning", "suppressed": "note"}


def sarif(result: Result) -> str:
    """The log, without a line end: one run with a rule for each check, and a result for each finding."""
    checks = result.checks if isinstance(result, Linted) else ()
    failed = [] if isinstance(result, Linted) else [{"level": "error", "message": {"text": printable(result.summary)}}]
    run = {
        "tool": {"driver": {"name": "aiops", "version": __version__, "rules": [_rule(check) for check in checks]}},
        "invocations": [{"executionSuccessful": isinstance(result, Linted), "toolExecutionNotifications": failed}],
        "results": [
            _result(result, check, found)
            for check in checks
            for found in check.findings
            if found.status in LEVELS and isinstance(result, Linted)
        ],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(check: Checked) -> dict[str, Any]:
    return {
        "id": check.slug,
        "shortDescription": {"text": check.title},
        "help": {"text": f"aiops runbook {check.slug}"},
        "properties": {"tags": [check.group]},
    }


def _result(of: Linted, check: Checked, found: Found) -> dict[str, Any]:
    said = [found.symptom, found.cause, f"Fix: {found.fix}" if found.fix else "", f"aiops runbook {check.slug}"]
    body: dict[str, Any] = {
        "ruleId": check.slug,
        "level": LEVELS[found.status],
        "message": {"text": printable(". ".join(words for words in said if words))},
    }
    region = {"region": {"startLine": found.line}} if found.line else {}
    place = {"artifactLocation": {"uri": quote(f"{of.root}{found.file or WHOLE}")}, **region}
    body["locations"] = [{"physicalLocation": place}]
    if found.status == "suppressed":
        body["suppressions"] = [{"kind": "external", "justification": printable(found.evidence[-1].text)}]
    return body
