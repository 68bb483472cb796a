"""What doctor found, for people: every check on a line, and beneath what is wrong its cause, evidence and cure."""

from collections.abc import Iterator

from aiops.progress.events import when
from aiops.progress.results import Checked, CheckListed, Diagnosed, Found, Linted, Status
from aiops.render.glyphs import BAD, BY_HAND, GOOD, HUSHED, INFO, LATER, NEXT, UNSURE, WARNING, Glyph
from aiops.render.line import Line

SIGNS: dict[Status, Glyph] = {
    "ok": GOOD, "warn": WARNING, "fail": BAD, "skip": BY_HAND, "unknown": UNSURE, "suppressed": HUSHED,
}  # fmt: skip
REMARKABLE = ("fail", "unknown", "warn")
TOLD = (*REMARKABLE, "suppressed")
"""What is shown whatever else a check has found."""


def diagnosis(result: Diagnosed) -> Iterator[Line]:
    """All of it but the ending."""
    profile = f"profile {result.profile}" if result.profile else "the layers that are live"
    layers = f": {', '.join(result.layers)}" if result.layers else ""
    yield Line(f"{result.origin.context}, {profile}{layers}; looked at {when(result.taken)}", INFO)
    width = max(len(check.slug) for check in result.checks)
    for group in dict.fromkeys(check.group for check in result.checks):
        yield Line()
        yield Line(group, style="bold")
        inside = [check for check in result.checks if check.group == group]
        for check in inside:
            if not check.because:
                yield from checked(check, width)
        for cause in dict.fromkeys(check.because for check in inside if check.because):
            names = ", ".join(check.slug for check in inside if check.because == cause)
            yield Line(f"skipped, because {cause} did not pass: {names}", LATER)


def linted(result: Linted) -> Iterator[Line]:
    """All of it but the ending: what is not right, each check once, with the places where it is written."""
    groups = f"profile {result.profile}" if result.profile else "all groups, those that are off too"
    yield Line(f"{result.tree}: {result.applications} applications of {groups}", INFO)
    for why in dict.fromkeys(why for _, why in result.unrendered):
        names = ", ".join(name for name, each in result.unrendered if each == why)
        yield Line(f"not rendered: {names}: {why}", LATER)
    for check in result.checks:
        found = [each for each in check.findings if each.status in TOLD]
        if found:
            yield Line()
            yield Line(f"{check.slug}: not so: {check.title}", style="bold")
        for each in found:
            where = f"{_place(each)}  " if each.file else ""
            yield Line(f"{where}{each.symptom}", SIGNS[each.status], hang=2)
            yield from _beneath(each, place=False)


def check_list(result: CheckListed) -> Iterator[Line]:
    """Every check, by group."""
    width = max(len(slug) for _, slug, _, _ in result.checks)
    for group in dict.fromkeys(group for group, *_ in result.checks):
        yield Line(group, style="bold")
        for _, slug, title, needs in (row for row in result.checks if row[0] == group):
            yield Line(f"{slug:<{width}}  {title}{f'  (needs {needs})' if needs else ''}", INFO)


def checked(check: Checked, width: int) -> Iterator[Line]:
    """One check on a line, and beneath it what is to be said of what is not ok."""
    shown = [each for each in check.findings if each.status in TOLD] or check.findings[:1]
    for number, found in enumerate(shown):
        name = check.slug if not number else ""
        yield Line(f"{name:<{width}}  {found.symptom}", SIGNS[found.status], hang=width + 2)
        if found.status in TOLD:
            yield from _beneath(found)
    if check.status in ("fail", "warn"):
        yield Line(f"aiops runbook {check.slug}", NEXT, indent=4, command=True)


def _place(found: Found) -> str:
    return f"{found.file}:{found.line}" if found.line else found.file


def _beneath(found: Found, *, place: bool = True) -> Iterator[Line]:
    if found.cause:
        yield Line(found.cause, indent=4)
    if found.file and place:
        yield Line(f"in {_place(found)}", indent=4)
    if found.owner:
        yield Line(f"of {found.owner}", indent=4)
    for seen in found.evidence:
        at = f" ({seen.at})" if seen.at else ""
        yield Line(f"{seen.source}: {seen.text}{at}", indent=4)
    if found.fix:
        yield Line(found.fix, NEXT, indent=4, command=True)
