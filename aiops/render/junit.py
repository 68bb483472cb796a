"""A result as JUnit XML, which CI systems show: one test case for each check."""

from xml.etree import ElementTree

from aiops.progress.events import Result, printable
from aiops.progress.results import Checked, Diagnosed, Found

NAMES = {"fail": "failure", "unknown": "error", "skip": "skipped"}


def junit(result: Result, seconds: float) -> str:
    """The XML, without a line end. What ended before there was anything to check is a case of its own, in error."""
    checks = result.checks if isinstance(result, Diagnosed) else ()
    suite = ElementTree.Element("testsuite", name="aiops doctor", time=f"{seconds:.3f}")
    for check in checks:
        suite.append(_case(check))
    if not checks and result.exit_code:
        case = ElementTree.SubElement(suite, "testcase", classname="aiops", name="doctor")
        ElementTree.SubElement(case, "error", message=printable(result.summary)).text = printable(result.hint)
    for name in ("failure", "error", "skipped"):
        attribute = {"failure": "failures", "error": "errors"}.get(name, name)
        suite.set(attribute, str(len(suite.findall(f"testcase/{name}"))))
    suite.set("tests", str(len(suite)))
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suite, encoding="unicode")


def _case(check: Checked) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname=f"aiops.{check.group}", name=check.slug)
    worst = check.findings[0]
    if tag := NAMES.get(check.status):
        because = f"because {check.because} did not pass" if check.because else worst.symptom
        element = ElementTree.SubElement(case, tag, message=printable(because))
        element.text = "\n".join(line for found in check.findings for line in _lines(found))
    elif check.status == "warn":  # JUnit knows no warning
        ElementTree.SubElement(case, "system-out").text = "\n".join(
            line for found in check.findings for line in _lines(found)
        )
    return case


def _lines(found: Found) -> list[str]:
    evidence = (f"{seen.source}: {seen.text}" for seen in found.evidence)
    return [printable(words) for words in (found.symptom, found.cause, *evidence, found.fix) if words]
